import type { PolicyJson } from './cedar.ts';
import { entitiesNamed } from './entities-named.ts';

/** What makes a difference to some policies. */
export interface LooksAt {
  /** The place of the copy: a decision may differ from region to region. */
  readonly region: boolean;
  /** How old the image is: a decision may differ from day to day. */
  readonly age: boolean;
  /** Accounts that the policies name. */
  readonly accounts: ReadonlySet<string>;
}

/** Asked of policies as data, so that neither a comment nor a text counts. */
export function looksAt(policies: readonly PolicyJson[]): LooksAt {
  return {
    region: policies.some((it) => mentionsRegion(it.conditions)),
    age: policies.some((it) => mentionsAge(it.conditions)),
    accounts: new Set(policies.flatMap((it) => entitiesNamed(it, 'Account'))),
  };
}

interface Operand {
  readonly left?: { readonly Var?: string };
  readonly attr?: unknown;
}

/** Part of the context that is the place, or the context as a whole. */
export function mentionsRegion(value: unknown): boolean {
  if (!isNode(value)) return false;
  if (value.Var === 'context') return true;
  const { left, attr } = (value['.'] ?? {}) as Operand;
  if (left?.Var === 'context') return attr === 'region' || attr === 'encrypted';
  return Object.values(value).some(mentionsRegion);
}

function mentionsAge(value: unknown): boolean {
  return isNode(value) && (value.attr === 'ageDays' || Object.values(value).some(mentionsAge));
}

/** The principal anywhere but in “principal in …” and “principal is …”. */
export function mentionsPerson(value: unknown): boolean {
  if (!isNode(value)) return false;
  if (value.Var === 'principal') return true;
  for (const operator of ['in', 'is']) {
    const { left, ...others } = (value[operator] ?? {}) as Operand;
    if (left?.Var === 'principal') return mentionsPerson(others);
  }
  return Object.values(value).some(mentionsPerson);
}

/** Whether a part of a policy asks for a variable at all. */
export function mentions(value: unknown, variable: string): boolean {
  return isNode(value) && (value.Var === variable || Object.values(value).some((it) => mentions(it, variable)));
}

export const isNode = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
