import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCleartextMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import type { Compression } from '../../src/formats/archive/compression.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { compress, controlOf, type DebSource, makeDeb } from './deb.ts';

/** What to tamper with after signing: one byte of it is changed. */
export type Tampering = 'InRelease' | 'Packages' | 'deb';

export interface ArchiveOptions {
  /** Codename of the release. @default 'bookworm' */
  release?: string;
  /** Folder below `dists`, and the Codename. @default the release */
  suite?: string;
  component?: string;
  architecture?: string;
  packages?: DebSource[];
  /** @default an hour ago */
  date?: Date;
  validUntil?: Date;
  /** Further fields of the Release, or others' values. */
  fields?: Record<string, string>;
  /** Forms of the Packages file. @default xz and gz */
  compressions?: Compression[];
  /** Writes Contents too: which package has which file. */
  contents?: boolean;
  /** Signs; a new one is made when absent. */
  key?: PrivateKey;
  /** One of these is changed after it was signed or hashed. */
  tamper?: Tampering;
}

export interface ArchivedDeb {
  name: string;
  version: string;
  sha256: string;
  sizeBytes: number;
  filename: string;
}

/** A signed apt archive in a folder. */
export interface Archive {
  folder: string;
  /** `file:` URI of the folder. */
  uri: string;
  suite: string;
  key: PrivateKey;
  packages: Map<string, ArchivedDeb>;
}

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

/** A key to sign archives with, older than any of them. */
export async function makeKey(): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    userIDs: [{ name: 'Archive of a test' }],
    format: 'object',
    date: LONG_AGO,
  });
  return privateKey;
}

/**
 * Makes a signed archive in a folder: real .debs, Packages by hash too, InRelease. A second call for the same folder with another
 * date publishes anew, as a mirror's update does.
 */
export async function makeArchive(folder: string, options: ArchiveOptions = {}): Promise<Archive> {
  const { release = 'bookworm', component = 'main', architecture = 'amd64' } = options;
  const suite = options.suite ?? release;
  const dist = join(folder, 'dists', suite);
  const packages = (options.packages ?? []).map((source) => addDeb(folder, component, source));
  const stem = `${component}/binary-${architecture}/Packages`;
  const files = addIndex(
    dist,
    stem,
    packages.map(({ stanza }) => stanza).join('\n'),
    options.compressions ?? ['xz', 'gz'],
  );
  if (options.contents) files.push(...addContents(dist, component, architecture, options.packages ?? []));
  const key = options.key ?? (await makeKey());
  await signRelease(
    dist,
    releaseText({ ...options, release, suite, component, architecture }, files),
    key,
    options.date,
  );
  tamper(
    options.tamper,
    dist,
    stem,
    packages.map(({ deb }) => join(folder, deb.filename)),
  );
  return { folder, uri: `file:${folder}`, suite, key, packages: new Map(packages.map(({ deb }) => [deb.name, deb])) };
}

function addDeb(folder: string, component: string, source: DebSource): { deb: ArchivedDeb; stanza: string } {
  const { name, version = '1.0', architecture = 'all' } = source;
  const bytes = makeDeb(source);
  const filename = `pool/${component}/${name[0]}/${name}/${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
  write(join(folder, filename), bytes);
  const deb = { name, version, sha256: sha256(bytes), sizeBytes: bytes.length, filename };
  return { deb, stanza: `${controlOf(source)}Filename: ${filename}\nSize: ${bytes.length}\nSHA256: ${deb.sha256}\n` };
}

/** Writes the index in its forms and gives the lines that a Release states them with. */
function addIndex(dist: string, stem: string, text: string, compressions: readonly Compression[]): string[] {
  const plain = Buffer.from(text);
  const line = (bytes: Buffer, name: string) => ` ${sha256(bytes)} ${bytes.length} ${name}`;
  const forms = compressions.map((compression) => {
    const bytes = compress(plain, compression);
    const name = compression === '' ? stem : `${stem}.${compression}`;
    write(join(dist, name), bytes);
    write(join(dist, dirname(stem), 'by-hash/SHA256', sha256(bytes)), bytes);
    return line(bytes, name);
  });
  return compressions.includes('') ? forms : [line(plain, stem), ...forms];
}

function addContents(dist: string, component: string, architecture: string, packages: readonly DebSource[]): string[] {
  return [architecture, 'all'].flatMap((each) => {
    const mine = packages.filter((it) => (it.architecture ?? 'all') === each);
    const rows = mine.flatMap(({ name, files = {} }) =>
      Object.keys(files).map((path) => `${path.slice(1).padEnd(40)} misc/${name}\n`),
    );
    return addIndex(dist, `${component}/Contents-${each}`, rows.sort().join(''), ['gz']);
  });
}

function releaseText(options: ArchiveOptions & { release: string; suite: string }, files: readonly string[]): string {
  const fields: Record<string, string | undefined> = {
    Origin: 'Debian',
    Label: 'Debian',
    Suite: options.suite,
    Codename: options.suite,
    Date: (options.date ?? new Date(Date.now() - 3_600_000)).toUTCString(),
    'Valid-Until': options.validUntil?.toUTCString(),
    'Acquire-By-Hash': 'yes',
    Architectures: options.architecture,
    Components: options.component,
    ...options.fields,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `${lines.map(([field, value]) => `${field}: ${value}`).join('\n')}\nSHA256:\n${files.join('\n')}\n`;
}

async function signRelease(
  dist: string,
  text: string,
  key: PrivateKey,
  date = new Date(Date.now() - 3_600_000),
): Promise<void> {
  const message = await createCleartextMessage({ text });
  write(join(dist, 'InRelease'), await sign({ message, signingKeys: key, date }));
}

function tamper(what: Tampering | undefined, dist: string, stem: string, debs: readonly string[]): void {
  if (what === 'InRelease') {
    const path = join(dist, 'InRelease');
    writeFileSync(path, readFileSync(path, 'utf8').replace('Label: Debian', 'Label: Debiam'));
  }
  if (what === 'deb') debs.forEach(flipByte);
  if (what !== 'Packages') return;
  const lines = readFileSync(join(dist, 'InRelease'), 'utf8').matchAll(/^ ([0-9a-f]{64}) \d+ (\S+)$/gm);
  for (const [, digest, name] of lines) {
    if (name === stem) continue;
    flipByte(join(dist, name!));
    flipByte(join(dist, dirname(stem), 'by-hash/SHA256', digest!));
  }
}

/** Changes one byte in the middle of a file. */
export function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle]! ^ 0x55;
  writeFileSync(path, bytes);
}

export interface AptRootSource {
  uri: string;
  suites: string[];
  components?: string[];
  /** Whose signature is asked for; absent: the root's trusted.gpg.d. */
  key?: PrivateKey;
  /** The key stands in the source itself rather than in a file. */
  inline?: boolean;
  /** A file of one-line sources rather than deb822. */
  oneLine?: boolean;
  enabled?: boolean;
}

/** Writes a root whose apt configuration has these sources, for `aptPackageSource({ aptRoot })`; gives the root. */
export function makeAptRoot(
  root: string,
  sources: readonly AptRootSource[],
  trusted: readonly PrivateKey[] = [],
): string {
  mkdirSync(join(root, 'etc/apt/sources.list.d'), { recursive: true });
  for (const [at, key] of trusted.entries()) {
    write(join(root, `etc/apt/trusted.gpg.d/trusted-${at}.asc`), key.toPublic().armor());
  }
  for (const [at, source] of sources.entries()) {
    const keyring = `/usr/share/keyrings/source-${at}.gpg`;
    if (source.key) write(join(root, keyring), source.key.toPublic().write());
    const file = join(root, `etc/apt/sources.list.d/source-${at}.${source.oneLine ? 'list' : 'sources'}`);
    appendFileSync(file, source.oneLine ? oneLine(source, keyring) : deb822(source, keyring));
  }
  return root;
}

function oneLine({ uri, suites, components = ['main'], key, enabled }: AptRootSource, keyring: string): string {
  const options = key ? `[arch=amd64 signed-by=${keyring}] ` : '';
  return suites
    .map((suite) => `${enabled === false ? '# ' : ''}deb ${options}${uri} ${suite} ${components.join(' ')}\n`)
    .join('');
}

function deb822({ uri, suites, components = ['main'], key, inline, enabled }: AptRootSource, keyring: string): string {
  const armoured = () =>
    key!
      .toPublic()
      .armor()
      .trim()
      .split(/\r?\n/)
      .map((line) => ` ${line || '.'}`)
      .join('\n');
  return [
    'Types: deb',
    `URIs: ${uri}`,
    `Suites: ${suites.join(' ')}`,
    `Components: ${components.join(' ')}`,
    ...(enabled === false ? ['Enabled: no'] : []),
    ...(key ? [inline ? `Signed-By:\n${armoured()}` : `Signed-By: ${keyring}`] : []),
    '',
  ].join('\n');
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
