import { nearestWord } from '../../formats/text/nearest.ts';
import type { Account } from '../../model/account.ts';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { AccessPolicies, AccessPolicy } from './access-policies.ts';
import { atomsOf, prepareAtoms } from './atoms.ts';
import { type CedarComplaint, checkPolicy, type PolicyJson, policyAsJson, prepare, splitPolicies } from './cedar.ts';
import { DEFAULT_ACCESS, DEFAULT_NAME } from './default-policy.ts';
import { entitiesNamed } from './entities-named.ts';
import { looksAt } from './looks-at.ts';
import { positionAt } from './position.ts';

export interface AccessFile {
  /** As it is told to people, such as `policies/access.cedar`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Found extends AccessPolicy {
  readonly text: string;
  readonly json: PolicyJson;
  /** Byte of the file at which the policy starts. */
  readonly offset: number;
  readonly source: string;
}

/** What was checked last; many images go by the same policies. */
const checked = new Map<string, AccessPolicies>();
const MOST_CHECKED = 16;

/**
 * Checks access policies against the schema and the known accounts; without files, the default stands. Throws POLICY_INVALID with a
 * `file:line:column: what` line for each thing that is wrong: all files are taken, or none.
 */
export function loadAccess(files: readonly AccessFile[], accounts: readonly Account[]): AccessPolicies {
  const named = files.map(({ name, bytes }) => ({ name, sha256: sha256(bytes) }));
  const known = accounts.map(({ id, organizationalUnit }) => ({ id, organizationalUnit }));
  const key = digestOf({ named, known });
  const policies = checked.get(key) ?? checkAll(files, accounts);
  if (checked.size >= MOST_CHECKED) checked.clear();
  checked.set(key, policies);
  return policies;
}

function checkAll(files: readonly AccessFile[], accounts: readonly Account[]): AccessPolicies {
  const sources = files.length > 0 ? files : [{ name: DEFAULT_NAME, bytes: Buffer.from(DEFAULT_ACCESS) }];
  const errors: string[] = [];
  const warnings: string[] = [];
  const found = sources.flatMap((file) => readPolicies(file, errors));
  for (const policy of found) check(policy, accounts, errors, warnings);
  errors.push(...twins(found));
  if (errors.length > 0)
    throw new KilnError('POLICY_INVALID', errors.join('\n'), {
      hint: 'docs/access.md tells how an access policy is written',
    });
  const texts = Object.fromEntries(found.map((it) => [it.id, it.text]));
  // The texts alone: policies that only moved in their file decide what they decided.
  const digest = digestOf(texts);
  prepare(digest, texts);
  const atoms = atomsOf(found.map((it) => it.json));
  prepareAtoms(digest, atoms);
  return {
    digest,
    policies: new Map(found.map(({ id, effect, file, line }) => [id, { id, effect, file, line }])),
    looksAt: looksAt(found.map((it) => it.json)),
    atoms,
    warnings,
  };
}

function readPolicies({ name, bytes }: AccessFile, errors: string[]): Found[] {
  const source = decode(bytes);
  if (source === undefined) return tell(errors, `${name}:1:1: not UTF-8 text`);
  const split = splitPolicies(source);
  if ('complaints' in split) {
    for (const it of split.complaints) errors.push(line(name, source, it));
    return [];
  }
  const taken = new Set<number>();
  return split.policies
    .map((text) => {
      const at = startOf(source, text, taken);
      const json = policyAsJson(text);
      const offset = Buffer.byteLength(source.slice(0, at));
      const place = positionAt(source, offset).line;
      const id = json.annotations?.id ?? `${name}:${place}`;
      return { id, effect: json.effect, file: name, line: place, text, json, offset, source };
    })
    .sort((a, b) => a.offset - b.offset);
}

function tell(errors: string[], message: string): [] {
  errors.push(message);
  return [];
}

/** Where a policy stands: Cedar gives policies in the order of their identifiers, not of the file. Two of the same text are two. */
function startOf(source: string, text: string, taken: Set<number>): number {
  let at = source.indexOf(text);
  while (taken.has(at)) at = source.indexOf(text, at + 1);
  taken.add(at);
  return Math.max(at, 0);
}

function check(policy: Found, accounts: readonly Account[], errors: string[], warnings: string[]): void {
  const found = checkPolicy(policy.text);
  const told = (it: CedarComplaint) => line(policy.file, policy.source, { ...it, offset: policy.offset + it.offset });
  errors.push(...found.errors.map(told));
  errors.push(...unknownAccounts(policy, accounts).map(told));
  if (found.errors.length === 0) warnings.push(...[...found.warnings, ...unknownUnits(policy, accounts)].map(told));
}

/** An account that nobody knows is a slip of the pen, or left behind by one that was removed: either way somebody must look. */
function unknownAccounts({ json, text }: Found, accounts: readonly Account[]): CedarComplaint[] {
  const known = accounts.map((it) => it.id);
  const unknown = entitiesNamed(json, 'Account').filter((id) => !known.includes(id));
  return unknown.map((id) => ({
    message: `accounts.yaml has no account ${id}`,
    hint: guess(known, id) ?? 'an account that is gone is taken out of the policies, too',
    offset: byteOf(text, `Account::"${id}"`),
  }));
}

function unknownUnits({ json, text }: Found, accounts: readonly Account[]): CedarComplaint[] {
  const known = accounts.map((it) => it.organizationalUnit ?? '');
  const unknown = entitiesNamed(json, 'Unit').filter(
    (unit) => !known.some((it) => it === unit || it.startsWith(`${unit}/`)),
  );
  return unknown.map((unit) => ({
    message: `no account of accounts.yaml lies in the unit ${unit}`,
    hint: guess(known, unit),
    offset: byteOf(text, `Unit::"${unit}"`),
  }));
}

function twins(found: readonly Found[]): string[] {
  return found.flatMap((it, index) => {
    const twin = found.slice(0, index).find((other) => other.id === it.id);
    const message = `${twin?.file}:${twin?.line} has a policy of the id ${it.id}, too`;
    return twin ? [line(it.file, it.source, { message, offset: it.offset })] : [];
  });
}

function guess(known: readonly string[], word: string): string | undefined {
  const near = nearestWord(known, word);
  return near ? `did you mean ${near}?` : undefined;
}

const byteOf = (text: string, part: string): number =>
  Buffer.byteLength(text.slice(0, Math.max(text.indexOf(part), 0)));

function line(file: string, source: string, { message, hint, offset }: CedarComplaint): string {
  const { line: at, column } = positionAt(source, offset);
  return `${file}:${at}:${column}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
