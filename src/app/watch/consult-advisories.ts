import { type AdvisoryIndex, matcher } from '../../formats/advisories/match.ts';
import type { AdvisoryPlace } from '../../model/advisory.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Ports } from '../../ports/ports.ts';
import { loadAdvisories } from '../sources/advisories.ts';
import type { Consulted } from './look-book.ts';

type AdvisoryPorts = Pick<Ports, 'advisories'>;

/** Source packages (`RELEASE NAME VERSION`), of some, of which a list of places says now what it did not say; all of them where it cannot be told. */
export async function changedSources(
  ports: AdvisoryPorts,
  { places, digest, said }: Consulted,
  sources: Iterable<string>,
): Promise<ReadonlySet<string> | 'all'> {
  if ((await digestOfPlaces(ports, places)) === digest) return new Set();
  const now = await consult(ports, places, sources);
  if (!now) return 'all';
  return new Set([...sources].filter((it) => said.get(it) !== now.said.get(it)));
}

/** What a list of places says now of some source packages; undefined where it cannot be had or read. */
export async function consult(
  ports: AdvisoryPorts,
  places: readonly AdvisoryPlace[],
  sources: Iterable<string>,
): Promise<Consulted | undefined> {
  const loaded = await loadAdvisories(ports, places).catch(() => undefined);
  if (!loaded) return undefined;
  const said = [...sources].flatMap((it) => {
    const digest = digestSaid(loaded.index, it);
    return digest === undefined ? [] : [[it, digest] as const];
  });
  return { places, digest: digestOf(loaded.digests), said: new Map(said) };
}

/** Places of a list that could not be asked and stand by what they said last, as they are told. */
export async function staleIn({ advisories }: AdvisoryPorts, places: readonly AdvisoryPlace[]): Promise<string[]> {
  const opened = await Promise.all(places.map((it) => advisories.open(it).catch(() => undefined)));
  return opened.flatMap((it) => it?.stale ?? []);
}

/** Of what the places hold; undefined where one cannot be had. */
export async function digestOfPlaces(
  { advisories }: AdvisoryPorts,
  places: readonly AdvisoryPlace[],
): Promise<string | undefined> {
  const opened = await Promise.all(places.map((it) => advisories.open(it).catch(() => undefined)));
  return opened.includes(undefined) ? undefined : digestOf(opened.map((it) => it!.digest));
}

/** Undefined where nothing is said of it. */
function digestSaid(index: AdvisoryIndex, source: string): string | undefined {
  const [release = '', name = '', version = ''] = source.split(' ');
  const matches = matcher(index, release)(name, version);
  if (matches.length === 0) return undefined;
  return digestOf(matches.map(({ advisory, fixedIn }) => [advisory.id, advisory.grade, fixedIn])).slice(0, 16);
}
