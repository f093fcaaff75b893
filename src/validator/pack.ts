import { basename } from 'node:path';
import type { AdvisoryPlace } from '../model/advisory.ts';
import { digestOf } from '../model/canonical.ts';
import type { Severity } from '../model/finding.ts';
import type { Scope, Waiver } from '../model/policy.ts';
import type { ImageTest } from '../model/spec.ts';
import { fitsName } from './glob.ts';
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
  /** Where its known vulnerabilities are told, and those of the packs laid in before them. */
  readonly advisories: readonly AdvisoryPlace[];
  readonly rules: readonly PackRule[];
  readonly waivers: readonly Waiver[];
  /** Asked of a booted instance before an image passes. */
  readonly tests: readonly ImageTest[];
}

/**
 * Hex digest of what packs say of one image on one day (ISO 8601): the same packs judge the same image alike. Comments, other images'
 * waivers and those that expired make no difference.
 */
export function digestOfPacks(packs: readonly Pack[], image: string, today: string): string {
  return digestOf(
    packs.map(({ name, advisories, rules, waivers, tests }) => ({
      name,
      // Where the files lie is not what they say.
      advisories: advisories.map((it) => ({ ...it, file: it.file && basename(it.file) })),
      rules: rules.map(({ rule, ...entry }) => ({ ...entry, rule: rule.id, stamp: rule.stamp })),
      waivers: waivers.filter((it) => it.expires >= today && fitsName(image, it.image ?? '*')),
      tests,
    })),
  );
}
