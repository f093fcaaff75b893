import { z } from 'zod';
import { policy as policySchema } from '../model/policy.ts';
import { celTypes } from './cel/environment.ts';
import { builtInPack } from './compile-policy.ts';
import type { PackRule } from './pack.ts';
import { builtInPolicies } from './packs/index.ts';
import type { Rule } from './rule.ts';
import { builtInRules } from './rules/index.ts';

/** The text of RULES.md: every built-in rule, every pack, and what a CEL expression sees. */
export function renderRules(): string {
  const sections = [
    '# Rules\n\nGenerated from the rules themselves by `npm run rules`; do not edit. How a policy is written: docs/policies.md.',
    `## Built-in rules\n\nA policy names one by \`rule:\`. Severity and mode belong to the policy.\n\n${builtInRules.map(ruleText).join('\n\n')}`,
    `## Packs\n\nEvery image is judged by \`runs\` and \`baseline\`; a spec asks for others under \`policies\`, a policy takes them in by \`extends\`.\n\n${builtInPolicies.map((it) => packText(it.name)).join('\n\n')}`,
    `## What an expression sees\n\nA CEL rule is asked of these variables. An empty string means 'none'. \`text.fits(pattern)\` is a glob match (\`*\` within a name, \`**\` across folders), \`mode.within("0644")\` says that a mode gives no right beyond another, \`version.olderThan(other)\` is Debian's order of versions; a map is asked safely by \`sysctl[?"key"].orValue("")\`.\n\n${[...celTypes()].map(([name, fields]) => typeText(name, fields)).join('\n\n')}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function ruleText(rule: Rule): string {
  const parameters = Object.entries(
    (z.toJSONSchema(rule.parameters, { io: 'input' }) as ParameterSchema).properties ?? {},
  );
  const lines = [
    `### ${rule.id}`,
    sentence(rule.title + (rule.reference ? ` (${rule.reference})` : '')),
    `Remedy: ${sentence(rule.remedy)}`,
  ];
  if (parameters.length > 0)
    lines.push(
      parameters
        .map(([name, it]) => `- \`${name}\`: ${it.description} (default \`${JSON.stringify(it.default)}\`)`)
        .join('\n'),
    );
  return lines.join('\n\n');
}

interface ParameterSchema {
  readonly properties?: Readonly<Record<string, { description?: string; default?: unknown }>>;
}

function packText(name: string): string {
  const source = policySchema.parse(builtInPolicies.find((it) => it.name === name));
  const taken = source.extends.length > 0 ? ` It takes in ${source.extends.map((it) => `\`${it}\``).join(', ')}.` : '';
  const silent = new Map(
    source.rules.flatMap((it) => ('id' in it && it.applies === 'false' ? [[it.id, it.otherwise ?? '']] : [])),
  );
  const own = new Set(source.rules.map((it) => ('id' in it ? it.id : it.rule)));
  const rules = builtInPack(name).rules.filter(({ rule }) => own.has(rule.id));
  const asked = rules.filter(({ rule }) => !silent.has(rule.id));
  const notAsked = rules.filter(({ rule }) => silent.has(rule.id));
  const table = ['| rule | severity | mode | what must hold |', '|---|---|---|---|', ...asked.map(row)];
  if (notAsked.length > 0) {
    table.push('', 'Not asked, and always reported as not applicable:', '');
    table.push(...notAsked.map(({ rule }) => `- ${rule.reference}, ${rule.title}: ${silent.get(rule.id)}.`));
  }
  return `### ${name}\n\n${sentence(source.description ?? '')}${taken}\n\n${table.join('\n')}`;
}

function row({ rule, severity, mode }: PackRule): string {
  const clause = rule.reference && !rule.title.includes(rule.reference) ? ` (${rule.reference})` : '';
  return `| ${rule.id} | ${severity} | ${mode} | ${cell(rule.title)}${clause} |`;
}

function typeText(name: string, fields: readonly { name: string; type: string; description: string }[]): string {
  const rows = fields.map(
    (it) => `| \`${it.name}\` | ${cell(it.type).replaceAll('<', '&lt;')} | ${cell(it.description)} |`,
  );
  return [`### ${name === '' ? 'Variables' : name}`, '', '| name | type | what it is |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const sentence = (text: string): string => (text === '' ? '' : `${text[0]!.toUpperCase()}${text.slice(1)}.`);
