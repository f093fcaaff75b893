import type { Atoms } from './atoms.ts';
import type { LooksAt } from './looks-at.ts';

/** One policy of a file. */
export interface AccessPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly file: string;
  readonly line: number;
}

/** Policies that were checked and are ready to decide. */
export interface AccessPolicies {
  /** Name of the prepared set, and hex digest of the policies. */
  readonly digest: string;
  readonly policies: ReadonlyMap<string, AccessPolicy>;
  /** What the policies look at, so that one decision is taken once for all whom it fits. */
  readonly looksAt: LooksAt;
  readonly atoms: Atoms;
  /** Odd things that stop nothing, as `file:line:column: what`. */
  readonly warnings: readonly string[];
}
