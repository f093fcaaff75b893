import type { AccessAction, DecidingPolicy, ImageFacts } from '../../model/access.ts';
import type { Account } from '../../model/account.ts';
import type { AccessPolicies } from './access-policies.ts';
import { authorize, type CedarRequest, type EntityJson, type EntityUidJson } from './cedar.ts';

/** Who asks: an account of accounts.yaml, or an organisational unit as a whole. */
export type Principal = { readonly account: Account } | { readonly unit: string };

/** May it, with this image, there and now? */
export interface Question {
  readonly principal: Principal;
  readonly action: AccessAction;
  readonly facts: ImageFacts;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Answer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly policies: readonly DecidingPolicy[];
}

/** What the policies say; a forbid wins over every permit, and without a permit the answer is no. */
export function decide(policies: AccessPolicies, question: Question): Answer {
  const { action } = question;
  const { allowed, reasons, failed } = authorize(policies.digest, requestOf(question));
  const deciding = [...new Set([...inOrder(policies, failed), ...inOrder(policies, reasons)])];
  // Cedar passes over a policy that fails while it is evaluated; one that might have forbidden must not be passed over.
  if (failed.length > 0)
    return { allowed: false, reason: `${named(deciding[0])} failed while it was evaluated`, policies: deciding };
  if (allowed) return { allowed, reason: `permitted by ${named(deciding[0])}`, policies: deciding };
  const reason = deciding.length > 0 ? `forbidden by ${named(deciding[0])}` : `no access policy permits ${action}`;
  return { allowed, reason, policies: deciding };
}

/** A question as Cedar takes it. */
export function requestOf(question: Question): CedarRequest {
  const { action, facts, region } = question;
  return {
    principal: uidOf(question.principal),
    action: { type: 'Action', id: action },
    resource: { type: 'Version', id: `${facts.image}@${facts.version}` },
    context: { region, encrypted: facts.encrypted },
    entities: entitiesOf(question),
  };
}

/** As they stand in the files: Cedar tells them in any order. */
function inOrder(policies: AccessPolicies, ids: readonly string[]): DecidingPolicy[] {
  const place = ({ file, line }: DecidingPolicy) => [file, String(line).padStart(9, '0')].join(':');
  return ids.map((id) => policyOf(policies, id)).sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

function policyOf({ policies }: AccessPolicies, id: string): DecidingPolicy {
  const policy = policies.get(id);
  if (!policy) throw new Error(`internal: no access policy ${id}`);
  return policy;
}

const named = (policy: DecidingPolicy | undefined): string => `${policy?.id} (${policy?.file}:${policy?.line})`;

function uidOf(principal: Principal): EntityUidJson {
  return 'unit' in principal ? { type: 'Unit', id: principal.unit } : { type: 'Account', id: principal.account.id };
}

/** All that a decision is told of who asks and of the image; it fits the schema. */
export function entitiesOf({ principal, facts, now }: Pick<Question, 'principal' | 'facts' | 'now'>): EntityJson[] {
  return [...principalEntities(principal), ...imageEntities(facts, now)];
}

function principalEntities(principal: Principal): EntityJson[] {
  if ('unit' in principal) return unitEntities(principal.unit);
  const { id, name, organizationalUnit: unit, labels = {} } = principal.account;
  const parents = unit === undefined ? [] : [{ type: 'Unit', id: unit }];
  const account = { uid: { type: 'Account', id }, attrs: { name }, parents, tags: labels };
  return [account, ...(unit === undefined ? [] : unitEntities(unit))];
}

/** A unit and those above it: `production/web` lies in `production`. */
function unitEntities(unit: string): EntityJson[] {
  const above = unit.includes('/') ? unit.slice(0, unit.lastIndexOf('/')) : undefined;
  const parents = above === undefined ? [] : [{ type: 'Unit', id: above }];
  return [{ uid: { type: 'Unit', id: unit }, attrs: {}, parents }, ...(above === undefined ? [] : unitEntities(above))];
}

const DAY_MS = 24 * 3_600_000;

/** Whole days from a moment (ISO 8601) to another (milliseconds since the epoch). */
export function ageDays(createdAt: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(createdAt)) / DAY_MS));
}

function imageEntities(facts: ImageFacts, now: number): EntityJson[] {
  const { image, version, labels, release, architecture, testsPassed, tests, packsPassed, packs, vulnerabilities } =
    facts;
  const told = { release, architecture, ageDays: ageDays(facts.createdAt, now), testsPassed, packsPassed };
  return [
    {
      uid: { type: 'Version', id: `${image}@${version}` },
      attrs: {
        ...told,
        number: version,
        tests: [...tests],
        packs: [...packs],
        vulnerabilities: { ...vulnerabilities },
      },
      parents: [{ type: 'Image', id: image }],
      tags: labels,
    },
    { uid: { type: 'Image', id: image }, attrs: {}, parents: [] },
  ];
}
