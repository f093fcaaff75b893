import { resolve } from 'node:path';
import { checkSource, formatPath } from '../formats/text/schema-check.ts';
import { parseYamlSource, type SourceIssue, type YamlSource } from '../formats/text/yaml-source.ts';
import type { AdvisoryPlace } from '../model/advisory.ts';
import { KilnError } from '../model/error.ts';
import { type Policy, policy as policySchema } from '../model/policy.ts';
import { compilePolicies, type PolicyIssue } from './compile-policy.ts';
import type { Pack } from './pack.ts';

export interface PolicyFile {
  /** As it is told to people, such as `policies/organisation.yaml`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Folder that it is in: paths in it are relative to that. */
  readonly directory?: string;
}

export interface LoadedPolicies {
  /** By name, the built-in ones too. */
  readonly packs: ReadonlyMap<string, Pack>;
  /** Names of the packs that stand in the files. */
  readonly own: ReadonlySet<string>;
  /** Waivers that no longer count, as `file:line:column: what`. They excuse nothing, and stop nothing either. */
  readonly warnings: readonly string[];
}

interface Read {
  readonly file: string;
  readonly source: YamlSource;
  readonly policy: Policy;
}

/**
 * Packs of policy files and those that come with Kiln. Throws POLICY_INVALID with a `file:line:column: path: what` line for each thing
 * that is wrong (schema, unknown rule, wrong parameter, CEL that does not parse or type, packs in a circle): all files are taken, or none.
 */
export function loadPolicies(
  files: readonly PolicyFile[],
  { today = new Date().toISOString().slice(0, 10) } = {},
): LoadedPolicies {
  const lines: string[] = [];
  const read = files.flatMap((file) => readPolicy(file, lines));
  for (const [index, { file, source, policy }] of read.entries()) {
    const twin = read.slice(0, index).find((it) => it.policy.name === policy.name);
    if (twin) lines.push(line(file, source, ['name'], `${twin.file} has a policy called ${policy.name}, too`));
  }
  const { packs, issues } = compilePolicies(read.map((it) => it.policy));
  for (const issue of issues) lines.push(issueLine(read, issue));
  if (lines.length > 0)
    throw new KilnError('POLICY_INVALID', lines.join('\n'), { hint: 'docs/policies.md tells how a policy is written' });
  return { packs, own: new Set(read.map((it) => it.policy.name)), warnings: read.flatMap((it) => expired(it, today)) };
}

function readPolicy({ name: file, bytes, directory }: PolicyFile, lines: string[]): Read[] {
  const parsed = parseYamlSource(bytes);
  if ('issues' in parsed) return tell(file, parsed.issues, lines);
  const checked = checkSource(policySchema, parsed.source);
  if ('issues' in checked) return tell(file, checked.issues, lines);
  const advisories = checked.value.advisories.map((it) => placed(it, directory));
  return [{ file, source: parsed.source, policy: { ...checked.value, advisories } }];
}

const placed = (place: AdvisoryPlace, directory = '.'): AdvisoryPlace =>
  place.file === undefined ? place : { ...place, file: resolve(directory, place.file) };

function tell(file: string, issues: readonly SourceIssue[], lines: string[]): Read[] {
  const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column);
  for (const { line: at, column, path, message } of sorted)
    lines.push(`${file}:${at}:${column}: ${path.length > 0 ? `${formatPath(path)}: ` : ''}${message}`);
  return [];
}

function issueLine(read: readonly Read[], { policy, path, message, hint }: PolicyIssue): string {
  const place = read.find((it) => it.policy.name === policy);
  if (!place) throw new Error(`internal: the built-in pack ${policy} is wrong at ${formatPath(path)}: ${message}`);
  return line(place.file, place.source, path, hint === undefined ? message : `${message}; ${hint}`);
}

function expired({ file, source, policy }: Read, today: string): string[] {
  return policy.waivers.flatMap((waiver, index) =>
    waiver.expires < today
      ? [
          line(
            file,
            source,
            ['waivers', index, 'expires'],
            `the waiver of ${waiver.rule} by ${waiver.owner} expired on ${waiver.expires} and excuses nothing`,
          ),
        ]
      : [],
  );
}

function line(file: string, source: YamlSource, path: readonly (string | number)[], message: string): string {
  const position = source.positionOf(path);
  return `${file}:${position.line}:${position.column}: ${formatPath(path)}: ${message}`;
}
