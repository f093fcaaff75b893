import { gunzipSync, gzipSync } from 'node:zlib';
import manifest from '../../../package.json' with { type: 'json' };
import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { recipeOf } from '../lock/recipe.ts';
import { LOOKS, readStored, writeStored } from '../retention/stored-book.ts';

/** What a look at an image saw, and found nothing more to do by. While all of it is the same, it need not be looked at. */
export interface Seen {
  /** Files that its spec was read from, and the stamp of all that it is judged by (`SpecSource.stamps`). */
  readonly reads: readonly string[];
  readonly stamp: string;
  /** Of its records (`Catalog.revisions`). */
  readonly revision: number;
  readonly os: ImageSpec['os'];
  /** Digest of the indexes of its sources. */
  readonly indexes: string;
  /** When time alone may call for something: milliseconds since the epoch. */
  readonly until?: number;
  /** Names of the lists of places that its packages are looked up in. */
  readonly advisories: readonly string[];
  /** What it ships, as `RELEASE SOURCE VERSION`. */
  readonly sources: readonly string[];
  /** What is odd and stops nothing; told at every look. */
  readonly warnings: readonly string[];
}

/** A list of places of advisories, and what they said. */
export interface Consulted {
  readonly places: readonly AdvisoryPlace[];
  /** Of what they held. */
  readonly digest: string;
  /** By `RELEASE SOURCE VERSION`, a digest of what they say of it; what is not in it has nothing against it. */
  readonly said: ReadonlyMap<string, string>;
}

/** What was seen of all images, in one artifact: thousands of specs and versions would take minutes to read. It can be made again. */
export interface LookBook {
  readonly images: ReadonlyMap<string, Seen>;
  readonly advisories: ReadonlyMap<string, Consulted>;
}

/** A newer Kiln may see more in the same things. */
const recipe = recipeOf(['app', 'distributor', 'formats', 'model', 'triggers', 'validator']);
const madeBy = (): string => `${manifest.version} ${recipe()}`;

type Row = [image: string, stamp: string, revision: number, os: number, indexes: number, until: number | null];
type Lists = [reads: string[], advisories: string[], sources: number[], warnings: string[]];

interface Written {
  readonly madeBy: string;
  readonly os: ImageSpec['os'][];
  readonly indexes: string[];
  readonly sources: string[];
  readonly images: [...Row, ...Lists][];
  readonly advisories: [name: string, places: AdvisoryPlace[], digest: string, said: [number, string][]][];
}

/** Numbers of texts that many have in common. */
function makeNumbers(): { readonly values: string[]; of(value: string): number } {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const of = (value: string) => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, values.length);
    return values.push(value) - 1;
  };
  return { values, of };
}

/** The book as compressed JSON. */
export function encodeLooks({ images, advisories }: LookBook): Buffer {
  const [os, indexes, sources] = [makeNumbers(), makeNumbers(), makeNumbers()];
  const rows = [...images].map(([name, it]): Written['images'][number] => [
    ...([name, it.stamp, it.revision, os.of(JSON.stringify(it.os)), indexes.of(it.indexes), it.until ?? null] as Row),
    ...([[...it.reads], [...it.advisories], it.sources.map(sources.of), [...it.warnings]] as Lists),
  ]);
  const written: Written = {
    madeBy: madeBy(),
    images: rows,
    advisories: [...advisories].map(([name, { places, digest, said }]) => [
      name,
      [...places],
      digest,
      [...said].map(([source, of]) => [sources.of(source), of]),
    ]),
    os: os.values.map((it) => JSON.parse(it)),
    indexes: indexes.values,
    sources: sources.values,
  };
  return gzipSync(JSON.stringify(written), { level: 1 });
}

/** Undefined where another Kiln wrote it. */
export function decodeLooks(bytes: Buffer): LookBook | undefined {
  const written = JSON.parse(gunzipSync(bytes).toString('utf8')) as Written;
  if (written.madeBy !== madeBy()) return undefined;
  const images = written.images.map((row): [string, Seen] => {
    const [name, stamp, revision, os, indexes, until, reads, advisories, sources, warnings] = row;
    const shared = { os: written.os[os]!, indexes: written.indexes[indexes]! };
    const shipped = sources.map((it) => written.sources[it]!);
    const seen = { reads, stamp, revision, ...shared, advisories, sources: shipped, warnings };
    return [name, until === null ? seen : { ...seen, until }];
  });
  const advisories = written.advisories.map(([name, places, digest, said]): [string, Consulted] => {
    return [name, { places, digest, said: new Map(said.map(([source, of]) => [written.sources[source]!, of])) }];
  });
  return { images: new Map(images), advisories: new Map(advisories) };
}

type BookPorts = Pick<Ports, 'catalog' | 'store'>;

/** The book as it was last written; empty where there is none of this Kiln's. */
export async function readLooks(ports: BookPorts): Promise<LookBook> {
  const bytes = await readStored(ports, LOOKS);
  return (bytes && decodeLooks(bytes)) ?? { images: new Map(), advisories: new Map() };
}

/** Puts a book in the place of the last one. */
export function writeLooks(ports: BookPorts, book: LookBook): Promise<void> {
  return writeStored(ports, LOOKS, encodeLooks(book));
}
