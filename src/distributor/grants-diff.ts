import type { Grant } from '../model/build.ts';
import type { Target } from './targets.ts';

export interface GrantsDiff {
  readonly give: readonly Target[];
  readonly takeBack: readonly Grant[];
}

/** What has to change so that exactly the approved targets have the grant of one version. */
export function diffGrants(approved: readonly Target[], inForce: readonly Grant[]): GrantsDiff {
  const place = (it: { account: string; region: string }) => `${it.account} ${it.region}`;
  const has = new Set(inForce.map(place));
  const may = new Set(approved.map(place));
  return { give: approved.filter((it) => !has.has(place(it))), takeBack: inForce.filter((it) => !may.has(place(it))) };
}
