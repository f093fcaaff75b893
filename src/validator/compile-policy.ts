import { nearestWord } from '../formats/text/nearest.ts';
import type { CelRule, Policy } from '../model/policy.ts';
import { policy as policySchema } from '../model/policy.ts';
import { compileCelRule } from './cel/cel-rule.ts';
import type { Pack, PackRule } from './pack.ts';
import { builtInPolicies } from './packs/index.ts';
import type { Rule } from './rule.ts';
import { builtInRules } from './rules/index.ts';

/** Something wrong in a policy; `path` leads to the place in it. */
export interface PolicyIssue {
  readonly policy: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

let parsed: readonly Policy[] | undefined;
/** The built-in policies with their defaults, always the same objects: their expressions are compiled once a process. */
function builtIns(): readonly Policy[] {
  parsed ??= builtInPolicies.map((it) => policySchema.parse(it));
  return parsed;
}

const compiled = new WeakMap<CelRule, Rule>();

const rulesById = new Map(builtInRules.map((rule) => [rule.id, rule]));

/**
 * Packs of policies, with the built-in ones that they extend: rules looked up, parameters checked, expressions compiled and typed.
 * Policies of one name: the later stands. Wrong ones are left out and told in `issues`.
 */
export function compilePolicies(sources: readonly Policy[]): { packs: Map<string, Pack>; issues: PolicyIssue[] } {
  const policies = new Map([...builtIns(), ...sources].map((it) => [it.name, it]));
  const issues: PolicyIssue[] = [];
  const packs = new Map<string, Pack>();
  for (const name of policies.keys()) {
    const before = issues.length;
    const pack = compile(policies.get(name)!, policies, issues);
    if (issues.length === before) packs.set(name, pack);
  }
  return { packs, issues };
}

/** A built-in pack, such as `runs`. Throws plain `Error` where there is none. */
export function builtInPack(name: string): Pack {
  const pack = compilePolicies([]).packs.get(name);
  if (!pack) throw new Error(`internal: there is no built-in pack ${name}`);
  return pack;
}

function compile(policy: Policy, policies: ReadonlyMap<string, Policy>, issues: PolicyIssue[]): Pack {
  const rules = new Map<string, PackRule>();
  const parts = lineage(policy, policies, issues);
  for (const part of parts) {
    // Faults of a policy that is extended are told where it is compiled itself.
    const told = part === policy ? issues : [];
    for (const [index] of part.rules.entries()) {
      const entry = compileRule(part, index, told);
      if (entry) rules.set(entry.rule.id, entry);
    }
  }
  const { name, description = '', scope, waivers } = policy;
  const tests = parts.flatMap((part) => part.tests);
  const advisories = parts.flatMap((part) => part.advisories);
  for (const [index, waiver] of waivers.entries()) {
    if (!rules.has(waiver.rule))
      issues.push({
        policy: name,
        path: ['waivers', index, 'rule'],
        message: `no rule of this policy is called ${waiver.rule}`,
        hint: guess(rules.keys(), waiver.rule),
      });
  }
  const inherited = parts.filter((part) => part !== policy).map((part) => part.name);
  return { name, description, scope, extends: inherited, advisories, rules: [...rules.values()], waivers, tests };
}

/** A policy after those that it extends, each once, farthest first. Of `trail`, the policies on the way here, the first is at fault. */
function lineage(
  policy: Policy,
  policies: ReadonlyMap<string, Policy>,
  issues: PolicyIssue[],
  trail: readonly { name: string; index: number }[] = [],
): Policy[] {
  const parts: Policy[] = [];
  for (const [index, name] of policy.extends.entries()) {
    const way = [...trail, { name: policy.name, index }];
    const parent = policies.get(name);
    const closes = way.some((it) => it.name === name);
    // What is wrong further up is told where that policy is compiled itself.
    if (!parent && trail.length === 0) {
      const message = `there is no pack called ${name}`;
      issues.push({ policy: policy.name, path: ['extends', index], message, hint: guess(policies.keys(), name) });
    } else if (closes && way[0]!.name === name) {
      const message = `packs extend one another in a circle: ${[...way.map((it) => it.name), name].join(' → ')}`;
      issues.push({ policy: name, path: ['extends', way[0]!.index], message, hint: 'take one of them out of extends' });
    } else if (parent && !closes) parts.push(...lineage(parent, policies, issues, way));
  }
  return [...new Set([...parts, policy])];
}

function compileRule(policy: Policy, index: number, issues: PolicyIssue[]): PackRule | undefined {
  const entry = policy.rules[index]!;
  const tell = (path: readonly (string | number)[], message: string, hint?: string) =>
    void issues.push({ policy: policy.name, path: ['rules', index, ...path], message, hint });
  if ('id' in entry) {
    const rule = compiled.get(entry) ?? compileCelRule(entry, tell);
    if (rule) compiled.set(entry, rule);
    return rule && { rule, severity: entry.severity, mode: entry.mode, parameters: {} };
  }
  const rule = rulesById.get(entry.rule);
  if (!rule) {
    tell(['rule'], `there is no built-in rule called ${entry.rule}`, guess(rulesById.keys(), entry.rule));
    return undefined;
  }
  const parameters = rule.parameters.safeParse(entry.parameters);
  for (const issue of parameters.error?.issues ?? [])
    tell(['parameters', ...(issue.path as string[])], issue.message.toLowerCase(), `see ${rule.id} in RULES.md`);
  return parameters.success
    ? { rule, severity: entry.severity, mode: entry.mode, parameters: parameters.data }
    : undefined;
}

function guess(known: Iterable<string>, word: string): string | undefined {
  const near = nearestWord(known, word);
  return near && `did you mean ${near}?`;
}
