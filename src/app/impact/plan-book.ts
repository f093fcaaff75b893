import { KilnError } from '../../model/error.ts';
import type { ImageSpec, Resolution } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LockedState } from '../../resolver/impact/impact-images.ts';

/** What planning an update needs of one published version. */
export interface PlannedVersion {
  readonly image: string;
  readonly version: number;
  readonly os: ImageSpec['os'];
  /** Package of the kernel, as the spec names it. */
  readonly kernel: string;
  /** Relations that its closure was resolved from, locked evidence among them. */
  readonly roots: readonly string[];
  readonly resolution: Resolution;
  /** Numbers of states: what the relations brought, and the rest. */
  readonly closure: Uint32Array;
  readonly others: Uint32Array;
  /** Digest of the indexes under which its closure is known to be the least set: those it was resolved from, or later ones. */
  readonly under: string;
}

/**
 * What planning needs of all published versions, in one artifact: thousands of locks and specs would take a minute to read. It can be
 * made again from them.
 */
export interface PlanBook {
  readonly states: readonly LockedState[];
  /** By `IMAGE@VERSION`, which never changes what it locks. */
  readonly versions: ReadonlyMap<string, PlannedVersion>;
  /** By digest of indexes that plans were made for, the file of their universe. */
  readonly universes: ReadonlyMap<string, string>;
}

const MAGIC = 'KILNPLAN2\n';
const DOCUMENT = 'plan:book';

interface Header {
  readonly states: readonly (readonly [name: string, version: string, sha256: string])[];
  readonly os: readonly ImageSpec['os'][];
  readonly resolutions: readonly Resolution[];
  readonly relations: readonly string[];
  readonly kernels: readonly string[];
  readonly under: readonly string[];
  readonly universes: readonly (readonly [indexes: string, file: string])[];
  readonly versions: readonly HeaderVersion[];
}

type HeaderVersion = readonly [
  image: string,
  version: number,
  os: number,
  kernel: number,
  resolution: number,
  under: number,
  roots: readonly number[],
  closure: number,
  others: number,
];

/** A value's number among its like: equal JSON has the same. */
interface Numbers<T> {
  readonly values: T[];
  of(value: T): number;
}

function makeNumbers<T>(): Numbers<T> {
  const numbers = new Map<string, number>();
  const values: T[] = [];
  const of = (value: T): number => {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    const number = numbers.get(key) ?? values.push(value) - 1;
    numbers.set(key, number);
    return number;
  };
  return { values, of };
}

/** A book in binary: `KILNPLAN2`, u32 length of the header, the header (JSON), the numbers of all versions' states as u32. */
export function encodeBook({ states, versions, universes }: PlanBook): Buffer {
  const [os, resolutions, relations, kernels, under] = [
    makeNumbers<ImageSpec['os']>(),
    makeNumbers<Resolution>(),
    makeNumbers<string>(),
    makeNumbers<string>(),
    makeNumbers<string>(),
  ];
  // States that no version has any more are left out, and the others numbered again.
  const places = new Int32Array(states.length).fill(-1);
  const kept: [string, string, string][] = [];
  const place = (number: number): number => {
    if (places[number]! < 0) {
      const { name, version, sha256 = '' } = states[number]!;
      places[number] = kept.push([name, version, sha256]) - 1;
    }
    return places[number]!;
  };
  const numbers: Uint32Array[] = [];
  const listed = [...versions.values()].map((it): HeaderVersion => {
    numbers.push(it.closure.map(place), it.others.map(place));
    const roots = it.roots.map(relations.of);
    const shared = [os.of(it.os), kernels.of(it.kernel), resolutions.of(it.resolution), under.of(it.under)] as const;
    return [it.image, it.version, ...shared, roots, it.closure.length, it.others.length];
  });
  const header: Header = {
    states: kept,
    os: os.values,
    resolutions: resolutions.values,
    relations: relations.values,
    kernels: kernels.values,
    under: under.values,
    universes: [...universes],
    versions: listed,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from(MAGIC), length, text, ...numbers.map((it) => Buffer.from(it.buffer))]);
}

/** Undefined where the bytes are not a book of this kind. */
export function decodeBook(bytes: Buffer): PlanBook | undefined {
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const start = MAGIC.length + 4;
  const end = start + bytes.readUInt32LE(MAGIC.length);
  const header: Header = JSON.parse(bytes.toString('utf8', start, end));
  // A copy of its own, so that words are aligned.
  const numbers = new Uint32Array(Uint8Array.from(bytes.subarray(end)).buffer);
  let at = 0;
  const take = (count: number): Uint32Array => {
    at += count;
    return numbers.subarray(at - count, at);
  };
  const versions = header.versions.map(([image, version, os, kernel, resolution, under, roots, closure, others]) => ({
    image,
    version,
    os: header.os[os]!,
    kernel: header.kernels[kernel]!,
    roots: roots.map((it) => header.relations[it]!),
    resolution: header.resolutions[resolution]!,
    closure: take(closure),
    others: take(others),
    under: header.under[under]!,
  }));
  return {
    states: header.states.map(([name, version, sha256]) => ({ name, version, sha256 })),
    versions: new Map(versions.map((it) => [`${it.image}@${it.version}`, it])),
    universes: new Map(header.universes),
  };
}

type BookPorts = Pick<Ports, 'catalog' | 'store'>;

/** The book as it was last written; empty where there is none that can be read. */
export async function readBook({ catalog, store }: BookPorts): Promise<PlanBook> {
  const known = (await catalog.getDocument(DOCUMENT)) as { digest: string } | undefined;
  const bytes = known && (await store.read(known.digest).catch(absent));
  return (bytes && decodeBook(bytes)) ?? { states: [], versions: new Map(), universes: new Map() };
}

function absent(error: unknown): undefined {
  if (error instanceof KilnError && (error.code === 'NOT_FOUND' || error.code === 'ARTIFACT_CORRUPT')) return undefined;
  throw error;
}

/** Puts a book in the place of the last one. Of two written at once the later stays; what it lacks is read again. */
export async function writeBook({ catalog, store }: BookPorts, book: PlanBook): Promise<void> {
  const before = (await catalog.getDocument(DOCUMENT)) as { digest: string } | undefined;
  const digest = await store.put({ bytes: encodeBook(book) });
  await catalog.putDocument(DOCUMENT, { digest });
  if (before && before.digest !== digest) await store.remove(before.digest);
}

/** Digest of the artifact that the book is in, so that cleaning up leaves it. */
export async function bookDigest({ catalog }: Pick<Ports, 'catalog'>): Promise<string | undefined> {
  return ((await catalog.getDocument(DOCUMENT)) as { digest: string } | undefined)?.digest;
}
