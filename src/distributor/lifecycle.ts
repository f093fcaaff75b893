import type { ImageVersion } from '../model/build.ts';

/** How long versions of an image are kept; days are whole days. */
export interface LifecyclePolicy {
  /** Newest available versions that are kept however old they are. */
  readonly keep: number;
  readonly deprecateAfterDays: number;
  readonly deregisterAfterDays: number;
  /** How long what was withdrawn, refused or recalled can still be looked at before it is deleted. */
  readonly quarantineDays: number;
}

export interface LifecycleRequest {
  readonly policy: LifecyclePolicy;
  readonly versions: readonly ImageVersion[];
  readonly aliases: Readonly<Record<string, number>>;
  /** By version, accounts that launched it by their grant, and when last (milliseconds). */
  readonly launches: Readonly<Record<number, Readonly<Record<string, number>>>>;
  /** By version, accounts whose grants are in force and whose launches nobody here can see: each counts as in use. */
  readonly unseen?: Readonly<Record<number, readonly string[]>>;
  /** By identifier of the image, what refers to it: instances, launch templates. */
  readonly references: Readonly<Record<string, readonly string[]>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Withdrawn: nobody's from then on, and deleted once the quarantine is over. */
export interface LifecycleAction {
  readonly kind: 'keep' | 'deprecate' | 'withdraw' | 'delete';
  readonly version: number;
  readonly why: string;
}

const DAY_MS = 24 * 3_600_000;

/** What becomes of each version, newest first; those that are gone are left out. Pure. */
export function planLifecycle(request: LifecycleRequest): LifecycleAction[] {
  const versions = [...request.versions].sort((a, b) => b.version - a.version);
  const newest = versions.filter((it) => it.state === 'available').slice(0, request.policy.keep);
  return versions.flatMap((it) => {
    const action = actionFor(it, newest.includes(it), request);
    return action ? [{ version: it.version, ...action }] : [];
  });
}

type Action = Omit<LifecycleAction, 'version'>;

function actionFor(it: ImageVersion, isNewest: boolean, request: LifecycleRequest): Action | undefined {
  switch (it.state) {
    case 'deregistered':
      return undefined;
    case 'registered':
      return keep('its build is not over');
    case 'available':
      return ofAvailable(it, isNewest, request);
    default:
      return ofWithdrawn(it, request);
  }
}

const keep = (why: string): Action => ({ kind: 'keep', why });

function ofAvailable(it: ImageVersion, isNewest: boolean, request: LifecycleRequest): Action {
  const { policy, now } = request;
  const alias = aliasOf(it, request);
  if (alias !== undefined) return keep(`the alias ${alias} names it`);
  if (isNewest) return keep(`it is one of the newest ${policy.keep}`);
  const days = daysSince(it.createdAt, now);
  const user = userOf(it, request);
  if (days >= policy.deregisterAfterDays && user === undefined)
    return { kind: 'withdraw', why: `it is ${days} days old` };
  const isDeprecated = it.facts.deprecatedAt !== undefined;
  if (days >= policy.deprecateAfterDays && !isDeprecated) return { kind: 'deprecate', why: `it is ${days} days old` };
  return keep(days >= policy.deregisterAfterDays ? `${user} uses it` : `it is only ${days} days old`);
}

function ofWithdrawn(it: ImageVersion, request: LifecycleRequest): Action {
  const { policy, now, references } = request;
  const alias = aliasOf(it, request);
  if (alias !== undefined) return keep(`the alias ${alias} names it`);
  const [user] = references[it.imageId] ?? [];
  if (user !== undefined) return keep(`it is ${it.state}, and ${user} uses it`);
  const days = daysSince(String(it.facts.quarantinedAt ?? it.facts.recalledAt ?? it.createdAt), now);
  if (days >= policy.quarantineDays) return { kind: 'delete', why: `it was ${it.state} ${days} days ago` };
  return keep(`it was ${it.state} ${days} days ago, and is deleted after ${policy.quarantineDays}`);
}

function aliasOf({ version }: ImageVersion, { aliases }: LifecycleRequest): string | undefined {
  return Object.keys(aliases).find((alias) => aliases[alias] === version);
}

/** What refers to it, or an account that launched it lately: its grant is in use. */
function userOf(it: ImageVersion, { references, launches, unseen, policy, now }: LifecycleRequest): string | undefined {
  const [reference] = references[it.imageId] ?? [];
  if (reference !== undefined) return reference;
  const [holder] = unseen?.[it.version] ?? [];
  if (holder !== undefined) return `account ${holder}, for all that can be seen from here,`;
  const lately = (at: number) => now - at < policy.deregisterAfterDays * DAY_MS;
  const account = Object.entries(launches[it.version] ?? {}).find(([, at]) => lately(at))?.[0];
  return account === undefined ? undefined : `account ${account}`;
}

const daysSince = (at: string, now: number): number => Math.floor((now - Date.parse(at)) / DAY_MS);
