import type { Grant, ImageVersion } from '../model/build.ts';

/** A machine that runs from an image. */
export interface RunningInstance {
  readonly id: string;
  readonly account: string;
  readonly imageId: string;
  readonly launchedAt: string;
}

export interface RecallRequest {
  readonly version: ImageVersion;
  /** All versions of the image. */
  readonly versions: readonly ImageVersion[];
  readonly aliases: Readonly<Record<string, number>>;
  /** Grants of the version that are in force. */
  readonly grants: readonly Grant[];
  /** Copies that Kiln made itself; whatever is done to the image is done to them. */
  readonly copies: readonly { readonly region: string; readonly imageId: string }[];
  /** Accounts that could read its snapshot, ever. */
  readonly couldCopy: readonly string[];
  readonly instances: readonly RunningInstance[];
}

/** What a recall does, and what it cannot. */
export interface RecallPlan {
  readonly image: string;
  readonly version: number;
  readonly imageId: string;
  /** Aliases that name it, and the version that they will; undefined: there is no good one, and the alias goes. */
  readonly aliases: readonly { readonly alias: string; readonly to?: number }[];
  readonly grants: readonly Grant[];
  /** Disabled with it. */
  readonly copies: readonly string[];
  /** Accounts that may have copies of their own, which no revoke reaches. */
  readonly copiedBy: readonly string[];
  /** Machines that go on running, by account. */
  readonly running: readonly { readonly account: string; readonly instances: readonly RunningInstance[] }[];
  /** It was recalled before; what is left of that is done now. */
  readonly again: boolean;
}

/** Plans the recall of one version. Pure: the same at every call until something is done. */
export function planRecall({ version: it, ...request }: RecallRequest): RecallPlan {
  const good = lastGood(it, request.versions);
  const named = Object.entries(request.aliases).filter(([, version]) => version === it.version);
  const ids = new Set([it.imageId, ...request.copies.map((copy) => copy.imageId)]);
  return {
    image: it.image,
    version: it.version,
    imageId: it.imageId,
    aliases: named.map(([alias]) => (good === undefined ? { alias } : { alias, to: good })).sort(byAlias),
    grants: request.grants,
    copies: request.copies.map((copy) => `${copy.imageId} in ${copy.region}`),
    copiedBy: [...new Set(request.couldCopy)].sort(),
    running: byAccount(request.instances.filter((instance) => ids.has(instance.imageId))),
    again: it.state === 'recalled',
  };
}

const byAlias = (a: { alias: string }, b: { alias: string }): number => (a.alias < b.alias ? -1 : 1);

/** The newest available version before it; where there is none, the newest available one. */
function lastGood({ version }: ImageVersion, versions: readonly ImageVersion[]): number | undefined {
  const good = versions.filter((it) => it.state === 'available' && it.version !== version).map((it) => it.version);
  const before = good.filter((it) => it < version);
  return good.length === 0 ? undefined : Math.max(...(before.length > 0 ? before : good));
}

function byAccount(instances: readonly RunningInstance[]): RecallPlan['running'] {
  const accounts = [...new Set(instances.map((it) => it.account))].sort();
  return accounts.map((account) => ({ account, instances: instances.filter((it) => it.account === account) }));
}
