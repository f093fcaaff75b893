import type { ImageVersion } from '../../model/build.ts';
import type { Lock, LockedPackage } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { numberStates, type StateNumbers } from '../../resolver/impact/impact-images.ts';
import { rootsOf } from '../lock/closure.ts';
import { indexesDigest } from './known-under.ts';
import { type PlanBook, type PlannedVersion, readBook, writeBook } from './plan-book.ts';

type BookPorts = Pick<Ports, 'catalog' | 'store' | 'specs' | 'progress'>;

export interface PublishedVersions extends PlanBook {
  /** Images that could not be looked at, with the reason. */
  readonly troubled: readonly { readonly image: string; readonly reason: string }[];
}

/** Locks read at once. */
const AT_ONCE = 16;

/** What planning needs of each image's published version. Locks are read of those versions alone that the book does not have yet. */
export async function publishedVersions(ports: BookPorts): Promise<PublishedVersions> {
  const latest = await ports.catalog.listAliased('latest');
  const book = await readBook(ports);
  const numbers = numberStates(book.states);
  const versions = new Map<string, PlannedVersion>();
  const missing: { image: string; version: number }[] = [];
  for (const it of latest) {
    const key = `${it.image}@${it.version}`;
    const known = book.versions.get(key);
    if (known) versions.set(key, known);
    else missing.push(it);
  }
  const troubled: { image: string; reason: string }[] = [];
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    if (missing.length > AT_ONCE) ports.progress.advance('reading locks', at, missing.length, 'items');
    const read = missing.slice(at, at + AT_ONCE).map(async (it) => {
      try {
        versions.set(`${it.image}@${it.version}`, await readVersion(ports, it, numbers));
      } catch (error) {
        // One image's trouble must not keep the others from being planned for.
        troubled.push({ image: it.image, reason: (error as Error).message });
      }
    });
    await Promise.all(read);
  }
  const sorted = new Map([...versions].sort(([, a], [, b]) => (a.image < b.image ? -1 : 1)));
  const whole = { states: numbers.states, versions: sorted, universes: book.universes };
  const stale = book.versions.size !== sorted.size || missing.length > troubled.length;
  if (stale) await writeBook(ports, whole);
  return { ...whole, troubled };
}

async function readVersion(
  { catalog, store, specs }: BookPorts,
  { image, version: number }: { image: string; version: number },
  numbers: StateNumbers,
): Promise<PlannedVersion> {
  const version = await catalog.getVersion(image, number);
  if (!version) throw new Error(`there is no version ${number}`);
  // What the store has under a digest was checked before it was put there: to check ten thousand again takes a minute.
  const lock: Lock = JSON.parse((await store.read(version.lockDigest)).toString('utf8'));
  const { os, kernel, roots, resolution } = requestOf(version) ?? resolvedFrom((await specs.load(image)).spec);
  const closure = lock.packages.filter((it) => it.layer === 'closure');
  const others = lock.packages.filter((it) => it.layer !== 'closure');
  const shown = closure.filter(isRoot).map((it) => it.name);
  const statesOf = (packages: Lock['packages']): Uint32Array =>
    Uint32Array.from(packages, ({ name, version, sha256 }) => numbers.numberOf({ name, version, sha256 }));
  return {
    image,
    version: number,
    os,
    kernel,
    resolution,
    roots: [...new Set([...roots, ...shown])],
    closure: statesOf(closure),
    others: statesOf(others),
    under: indexesDigest(lock.indexes),
  };
}

/** A package that the user's own files ask for, or an init that the closure was resolved with, is a root of its own. */
const isRoot = ({ why }: LockedPackage): boolean => why.some((it) => it.kind === 'evidence' || it.kind === 'boot');

/** What of a spec decides the packages of its image; kept with each version, since the spec may change without a build. */
export function resolvedFrom(spec: ImageSpec): Pick<PlannedVersion, 'os' | 'kernel' | 'roots' | 'resolution'> {
  const roots = rootsOf(spec).map((it) => it.relation);
  return { os: spec.os, kernel: spec.boot.kernel, roots, resolution: spec.resolution };
}

function requestOf({ facts }: ImageVersion): ReturnType<typeof resolvedFrom> | undefined {
  return facts.resolvedFrom as ReturnType<typeof resolvedFrom> | undefined;
}
