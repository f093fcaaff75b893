import type { z } from 'zod';
import type { FileTree } from '../model/file-tree.ts';
import type { Finding } from '../model/finding.ts';
import type { Inventory, Reachability } from '../model/inventory.ts';
import type { Lock } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';

/** All that a rule may look at. */
export interface RuleContext {
  readonly tree: FileTree;
  readonly lock: Lock;
  readonly spec: ImageSpec;
  /** Paths of the user's own files; absent: all that lies where the spec places something counts as such. */
  readonly ownFiles?: ReadonlySet<string>;
  readonly inventory: Inventory;
  /** What can run in the image; absent: nobody asked, and everything is judged. */
  readonly reachability?: Reachability;
  /** Files of the locked packages by package name, as their verified .debs have them. */
  readonly contents?: ReadonlyMap<string, FileTree>;
  /** Package that would bring a path, a soname or a command; undefined where nobody knows. */
  readonly providerOf: (want: string) => string | undefined;
}

/** What of it is kept with an image: enough to judge it again without its tree. */
export type InventoryContext = Pick<RuleContext, 'inventory'>;

/** A place at which a rule does not hold, before a pack gives it a severity; one that it states itself stays. */
export type Observation = Omit<Finding, 'rule' | 'severity' | 'waived'> & Partial<Pick<Finding, 'severity'>>;

/** One of three answers; `reason` says why a rule has nothing to say of this image. */
export type RuleAnswer =
  | { readonly outcome: 'compliant' }
  | { readonly outcome: 'not-compliant'; readonly findings: readonly Observation[] }
  | { readonly outcome: 'not-applicable'; readonly reason: string };

/** A check of one thing. Severity and mode belong to the pack that names it. */
export interface Rule {
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly title: string;
  /** Clause of the standard that it implements. */
  readonly reference?: string;
  /** What mends a violation, in general. */
  readonly remedy: string;
  /** What a pack may set, with defaults. */
  readonly parameters: z.ZodObject;
  /** Of a rule that a policy's author wrote: another text, another stamp. */
  readonly stamp?: string;
  /** `inventory`: it looks at nothing else of its context. Default: `tree`. */
  readonly reads?: 'inventory' | 'tree';
  check(context: RuleContext, parameters: Record<string, unknown>): RuleAnswer;
}

/** A rule whose `check` sees its parameters with their types. */
export function defineRule<P extends z.ZodObject>(
  rule: Omit<Rule, 'parameters' | 'check' | 'reads'> & {
    readonly parameters: P;
    check(context: RuleContext, parameters: z.infer<P>): RuleAnswer;
  },
): Rule {
  return rule as unknown as Rule;
}

/** A rule that needs nothing but the inventory, so that a stored image is judged by it without being opened. */
export function defineInventoryRule<P extends z.ZodObject>(
  rule: Omit<Rule, 'parameters' | 'check' | 'reads'> & {
    readonly parameters: P;
    check(context: InventoryContext, parameters: z.infer<P>): RuleAnswer;
  },
): Rule {
  return { ...rule, reads: 'inventory' } as unknown as Rule;
}

export const compliant: RuleAnswer = { outcome: 'compliant' };

export const notApplicable = (reason: string): RuleAnswer => ({ outcome: 'not-applicable', reason });

/** Compliant without findings, else not compliant. */
export function answer(findings: readonly Observation[]): RuleAnswer {
  return findings.length === 0 ? compliant : { outcome: 'not-compliant', findings };
}
