import type { Severity } from '../model/finding.ts';
import type { Scope, Waiver } from '../model/policy.ts';
import type { Rule } from './rule.ts';

/** A rule as a pack asks for it: how grave a violation is and whether it stops an image. */
export interface PackRule {
  readonly rule: Rule;
  readonly severity: Severity;
  readonly mode: 'enforce' | 'warn';
  readonly parameters: Record<string, unknown>;
}

/** A policy whose rules are resolved: built-in ones looked up, expressions compiled, inherited packs laid in. */
export interface Pack {
  readonly name: string;
  readonly description: string;
  readonly scope: Scope;
  /** Names of the packs laid in, near and far. */
  readonly extends: readonly string[];
  readonly rules: readonly PackRule[];
  readonly waivers: readonly Waiver[];
}
