import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrivateKey } from 'openpgp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aptPackageSource } from '../../src/adapters/local/apt-package-source.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { KilnError } from '../../src/model/error.ts';
import type { AptSource } from '../../src/model/spec.ts';
import { type Progress, silent } from '../../src/ports/progress.ts';
import { type Archive, type ArchiveOptions, flipByte, makeAptRoot, makeArchive, makeKey } from '../support/archive.ts';
import { type ArchiveServer, serveArchive } from '../support/archive-server.ts';

const NOW = Date.parse('2030-06-15T12:00:00Z');
const HOUR = 3_600_000;
/** Bytes that no compression makes smaller, the same each time. */
const noiseOf = (kilobytes: number) =>
  Buffer.concat(Array.from({ length: kilobytes * 32 }, (_, at) => Buffer.from(sha256(`${at}`), 'hex')));
const noise = noiseOf(96);
const PACKAGES: ArchiveOptions['packages'] = [
  {
    name: 'app',
    version: '1:2.0-1',
    depends: 'lib',
    files: { '/usr/bin/app': '#!/bin/sh\necho app\n', '/lib/app/data': noise },
  },
  {
    name: 'lib',
    architecture: 'amd64',
    files: { '/usr/lib/lib.so': 'lib', '/usr/lib/lib.so.1': { target: 'lib.so' } },
  },
];
const requested = { release: 'bookworm', architecture: 'amd64' };

let key: PrivateKey;
let other: PrivateKey;
let folder: string;
const servers: ArchiveServer[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
  [key, other] = await Promise.all([makeKey(), makeKey()]);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let worlds = 0;

/** An archive, the machine that uses it, and its cache: all new. */
async function makeWorld(options: ArchiveOptions = {}) {
  const place = join(folder, `world-${++worlds}`);
  const publish = (more: ArchiveOptions = {}) =>
    makeArchive(join(place, 'archive'), {
      packages: PACKAGES,
      date: new Date(NOW - 2 * HOUR),
      key,
      ...options,
      ...more,
    });
  const archive = await publish();
  const source = (now = NOW, aptRoot = join(place, 'root'), silenceMs?: number) =>
    aptPackageSource({ cache: join(place, 'cache'), clock: { now: () => now }, aptRoot, backOffMs: 1, silenceMs });
  const machine = (uri = archive.uri, signedBy: PrivateKey | undefined = key, more = {}) =>
    makeAptRoot(join(place, 'root'), [{ uri, suites: ['bookworm'], key: signedBy, ...more }]);
  return { place, archive, publish, source, machine, cache: join(place, 'cache') };
}

async function served(archive: Archive): Promise<ArchiveServer> {
  const server = await serveArchive(archive.folder);
  servers.push(server);
  return server;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const fault = await work.then(
    () => undefined,
    (error: KilnError) => error,
  );
  return fault === undefined ? 'none' : (fault.code ?? String(fault.stack));
}

const debsOf = (archive: Archive) => [...archive.packages.values()];
const gets = (server: ArchiveServer, what: RegExp) => server.requests.filter(({ path }) => what.test(path));

describe('indexes', () => {
  test.each([
    { summary: 'deb822, keyring file', more: {} },
    { summary: 'deb822, key inline', more: { inline: true } },
    { summary: 'one line, options', more: { oneLine: true } },
  ])('are verified and stated by what their Release says: $summary', async ({ more }) => {
    const { archive, machine, source } = await makeWorld();
    machine(archive.uri, key, more);
    const [index, ...rest] = await source().indexes(requested, silent);
    expect(rest).toEqual([]);
    expect(index).toMatchObject({
      origin: 'Debian',
      codename: 'bookworm',
      component: 'main',
      architecture: 'amd64',
      priority: 500,
      date: '2030-06-15T10:00:00.000Z',
    });
    expect(readFileSync(index!.path, 'utf8')).toContain('Package: app\nVersion: 1:2.0-1\n');
  });

  test('trusted.gpg.d counts where a source has no Signed-By', async () => {
    const { archive, place, source } = await makeWorld();
    makeAptRoot(join(place, 'root'), [{ uri: archive.uri, suites: ['bookworm'] }], [other, key]);
    expect(await source().indexes(requested, silent)).toHaveLength(1);
  });

  test.each<{ summary: string; options: ArchiveOptions; want: string }>([
    { summary: 'an InRelease that was changed', options: { tamper: 'InRelease' }, want: 'INDEX_UNTRUSTED' },
    { summary: 'a Packages file that was changed', options: { tamper: 'Packages' }, want: 'INDEX_CORRUPT' },
    { summary: 'an index whose time is over', options: { validUntil: new Date(NOW - HOUR) }, want: 'INDEX_EXPIRED' },
    { summary: 'an index of tomorrow', options: { date: new Date(NOW + 24 * HOUR) }, want: 'INDEX_UNTRUSTED' },
    { summary: 'a Release without hashes', options: { fields: { SHA256: 'none' } }, want: 'INDEX_CORRUPT' },
    { summary: 'a Release whose Date is none', options: { fields: { Date: 'soon' } }, want: 'INDEX_CORRUPT' },
    { summary: 'a component that is not there', options: { component: 'contrib' }, want: 'CONFIG_INVALID' },
    { summary: 'an archive that is not Debian’s', options: { fields: { Origin: 'Else' } }, want: 'CONFIG_INVALID' },
    {
      summary: 'another release under the suite’s name',
      options: { fields: { Codename: 'trixie' } },
      want: 'CONFIG_INVALID',
    },
  ])('refuses $summary', async ({ options, want }) => {
    const { machine, source } = await makeWorld(options);
    machine();
    expect(await codeOf(source().indexes(requested, silent))).toBe(want);
  });

  test('a clock that differs by minutes is no fault', async () => {
    const { machine, source } = await makeWorld({ date: new Date(NOW - HOUR), validUntil: new Date(NOW) });
    machine();
    expect(await source(NOW + 5 * 60_000).indexes(requested, silent)).toHaveLength(1);
    expect(await codeOf(source(NOW + 15 * 60_000).indexes(requested, silent))).toBe('INDEX_EXPIRED');
  });

  test('refuses a signature by another key than Signed-By names', async () => {
    const { archive, machine, source } = await makeWorld();
    machine(archive.uri, other);
    expect(await codeOf(source().indexes(requested, silent))).toBe('INDEX_UNTRUSTED');
  });

  test('says which keyring is missing', async () => {
    const { machine, place, source } = await makeWorld();
    machine();
    rmSync(join(place, 'root/usr'), { recursive: true });
    await expect(source().indexes(requested, silent)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('/usr/share/keyrings/source-0.gpg'),
    });
  });

  test('an older index than the one seen before does not take its place, and that is said', async () => {
    const { archive, machine, publish, source, cache } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    const [newer] = await source().indexes(requested, silent);
    await publish({ date: new Date(NOW - 3 * HOUR), packages: PACKAGES!.slice(1) });
    const notes: string[] = [];
    const told: Progress = { ...silent, note: (text) => void notes.push(text) };
    expect(await source().indexes(requested, told)).toEqual([newer]);
    expect(notes.join()).toMatch(/InRelease is of 2030-06-15T09:.*the newer one of 2030-06-15T10:/);
    rmSync(join(cache, 'indexes'), { recursive: true });
    expect(await source().indexes(requested, told)).toEqual([newer]);
    await publish({ date: new Date(NOW - HOUR) });
    expect(await codeOf(source().indexes(requested, silent))).toBe('none');
  });

  test('the newer index that was seen before is refused once its time is over', async () => {
    const { machine, publish, source } = await makeWorld({ validUntil: new Date(NOW) });
    machine();
    await source().indexes(requested, silent);
    await publish({ date: new Date(NOW - 3 * HOUR), validUntil: new Date(NOW + 24 * HOUR) });
    expect(await codeOf(source(NOW + HOUR).indexes(requested, silent))).toBe('INDEX_EXPIRED');
  });

  test('refuses an older index than the one seen before where only that one’s date is remembered', async () => {
    const { machine, publish, source, cache } = await makeWorld();
    machine();
    await source().indexes(requested, silent);
    const [suite = ''] = readdirSync(join(cache, 'suites'));
    const text = readdirSync(join(cache, 'suites', suite)).find((it) => it !== 'seen.json') ?? '';
    rmSync(join(cache, 'suites', suite, text));
    await publish({ date: new Date(NOW - 3 * HOUR) });
    expect(await codeOf(source().indexes(requested, silent))).toBe('INDEX_ROLLED_BACK');
    await publish({ date: new Date(NOW - HOUR) });
    expect(await codeOf(source().indexes(requested, silent))).toBe('none');
  });

  test('nor is an older index believed that another key signed', async () => {
    const { archive, place, publish, source } = await makeWorld();
    const machine = (signedBy: PrivateKey) =>
      makeAptRoot(join(place, 'root'), [{ uri: archive.uri, suites: ['bookworm'] }], [signedBy]);
    machine(key);
    await source().indexes(requested, silent);
    await publish({ date: new Date(NOW - 3 * HOUR), key: other });
    rmSync(join(place, 'root'), { recursive: true });
    machine(other);
    expect(await codeOf(source().indexes(requested, silent))).toBe('INDEX_ROLLED_BACK');
  });

  test('a run with nothing new downloads no index, one with something new downloads that', async () => {
    const { archive, machine, publish, source } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    await source().indexes(requested, silent);
    expect(gets(server, /by-hash/)).toHaveLength(1);
    server.requests.length = 0;
    await source().indexes(requested, silent);
    expect(server.requests).toEqual([{ path: '/dists/bookworm/InRelease', status: 304, from: 0 }]);
    await publish({ date: new Date(NOW - HOUR), packages: PACKAGES!.slice(1) });
    const [index] = await source().indexes(requested, silent);
    expect(readFileSync(index!.path, 'utf8')).not.toContain('Package: app');
  });

  test('nor does one whose mirror states no ETag', async () => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    server.behave(() => ({ noValidators: true }));
    machine(server.uri);
    await source().indexes(requested, silent);
    await source().indexes(requested, silent);
    expect(gets(server, /Packages|by-hash/)).toHaveLength(1);
  });

  test('another keyring has to vouch for what an earlier one did', async () => {
    const { archive, machine, place, source } = await makeWorld();
    machine();
    await source().indexes(requested, silent);
    const strict = makeAptRoot(join(place, 'strict'), [{ uri: archive.uri, suites: ['bookworm'], key: other }]);
    expect(await codeOf(source(NOW, strict).indexes(requested, silent))).toBe('INDEX_UNTRUSTED');
  });

  test('a damaged index in the cache is fetched again', async () => {
    const { machine, source } = await makeWorld();
    machine();
    const [before] = await source().indexes(requested, silent);
    chmodSync(before!.path, 0o644);
    flipByte(before!.path);
    const [after] = await source().indexes(requested, silent);
    expect(readFileSync(after!.path, 'utf8')).toContain('Package: lib\n');
  });

  test.each<{ summary: string; options: ArchiveOptions; behave?: RegExp }>([
    { summary: 'gz', options: { compressions: ['gz'] } },
    { summary: 'zst', options: { compressions: ['zst'] } },
    { summary: 'xz', options: { compressions: ['xz'] } },
    { summary: 'not compressed', options: { compressions: [''] } },
    { summary: 'without by-hash', options: { fields: { 'Acquire-By-Hash': 'no' } } },
    { summary: 'by-hash stated and not kept', options: {}, behave: /by-hash/ },
    { summary: 'gz stated and not kept', options: {}, behave: /by-hash|\.gz$/ },
  ])('is read: $summary', async ({ options, behave }) => {
    const { archive, machine, source } = await makeWorld(options);
    const server = await served(archive);
    server.behave((path) => (behave?.test(path) ? { status: 404 } : undefined));
    machine(server.uri);
    expect(await source().indexes(requested, silent)).toHaveLength(1);
  });

  test('a mirror that breaks off is asked again, from where it stopped', async () => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    server.behave((path, times) => (times === 0 && /InRelease|by-hash/.test(path) ? { cutAfter: 40 } : undefined));
    machine(server.uri);
    expect(await source().indexes(requested, silent)).toHaveLength(1);
    expect(gets(server, /by-hash/).map(({ from }) => from)).toEqual([0, 40]);
  });

  test.each([
    { summary: 'refuses connections', behave: undefined },
    { summary: 'answers 503', behave: { status: 503 } },
    { summary: 'says nothing', behave: { silent: true } },
    { summary: 'leads to a file of this machine', behave: { redirect: 'file:///etc/passwd' } },
  ])('SOURCE_UNAVAILABLE after three tries when a mirror $summary', async ({ behave }) => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    server.behave(() => behave);
    machine(server.uri);
    if (!behave) await server.close();
    expect(await codeOf(source(NOW, undefined, 100).indexes(requested, silent))).toBe('SOURCE_UNAVAILABLE');
    expect(server.requests).toHaveLength(behave ? 3 : 0);
  });

  test('a password in a source’s URI is never shown', async () => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    machine(server.uri.replace('//', '//user:secret@'));
    await source().indexes(requested, silent);
    await server.close();
    const fault = await source()
      .indexes(requested, silent)
      .catch((error: KilnError) => error);
    expect(`${(fault as KilnError).message}`).toContain('127.0.0.1');
    expect(`${(fault as KilnError).message}`).not.toContain('secret');
  });

  test('follows a redirect', async () => {
    const { archive, machine, source } = await makeWorld();
    const [far, near] = await Promise.all([served(archive), served(archive)]);
    near.behave((path) => ({ redirect: new URL(path, far.uri).href }));
    machine(near.uri);
    expect(await source().indexes(requested, silent)).toHaveLength(1);
  });

  test('somebody else’s source is asked once, and need not be there later', async () => {
    const { archive, place, source } = await makeWorld();
    const foreign = await makeArchive(join(place, 'foreign'), {
      date: new Date(NOW - HOUR),
      key: other,
      fields: { Origin: 'Else' },
    });
    const server = await served(foreign);
    makeAptRoot(join(place, 'root'), [
      { uri: archive.uri, suites: ['bookworm'], key },
      { uri: server.uri, suites: ['bookworm'], key: other },
      { uri: `${server.uri}never`, suites: ['nodistro'], key: other },
      { uri: `${server.uri}off`, suites: ['bookworm'], key: other, enabled: false },
    ]);
    expect(await source().indexes(requested, silent)).toHaveLength(1);
    await server.close();
    expect(await source().indexes(requested, silent)).toHaveLength(1);
    expect(server.requests.map(({ path }) => path)).toEqual(['/dists/bookworm/InRelease']);
  });

  test.each<{ summary: string; fields: Record<string, string>; priority: number }>([
    { summary: 'NotAutomatic', fields: { NotAutomatic: 'yes' }, priority: 1 },
    {
      summary: 'and ButAutomaticUpgrades',
      fields: { NotAutomatic: 'yes', ButAutomaticUpgrades: 'yes' },
      priority: 100,
    },
  ])('priority $priority for $summary', async ({ fields, priority }) => {
    const { machine, source } = await makeWorld({ fields });
    machine();
    expect(await source().indexes(requested, silent)).toMatchObject([{ priority }]);
  });

  test.each<{ summary: string; sources: (uri: string, keyring: string) => AptSource[]; want: string }>([
    {
      summary: 'all of it',
      sources: (uri, signedBy) => [{ uri, suites: ['bookworm'], components: ['main'], signedBy }],
      want: 'none',
    },
    { summary: 'the suite alone', sources: () => [{ suites: ['bookworm'], components: ['main'] }], want: 'none' },
    {
      summary: 'a suite nobody has',
      sources: () => [{ suites: ['sid'], components: ['main'] }],
      want: 'SOURCE_UNAVAILABLE',
    },
    {
      summary: 'a URI of another kind',
      sources: () => [{ uri: 'ftp://h/', suites: ['x'], components: ['main'] }],
      want: 'CONFIG_INVALID',
    },
  ])('of sources that the spec names: $summary', async ({ sources, want }) => {
    const { archive, machine, source } = await makeWorld({ fields: { Origin: 'Mine' } });
    machine();
    const named = sources(archive.uri, '/usr/share/keyrings/source-0.gpg');
    expect(await codeOf(source().indexes({ ...requested, sources: named }, silent))).toBe(want);
  });

  test('a machine without a source for the release is told so', async () => {
    const { machine, source } = await makeWorld();
    machine();
    await expect(source().indexes({ ...requested, release: 'trixie' }, silent)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'no apt source of this machine is for trixie amd64',
    });
  });
});

describe('packages', () => {
  test('are fetched once, verified, and opened as trees', async () => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    const first = source();
    const indexes = await first.indexes(requested, silent);
    const told: number[] = [];
    const progress: Progress = { note() {}, advance: (_, done) => told.push(done) };
    const paths = await first.fetch(debsOf(archive), indexes, progress);
    const app = archive.packages.get('app')!;
    expect(paths.size).toBe(2);
    expect(told.at(-1)).toBe(debsOf(archive).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    const { control, data } = await first.open(app);
    expect(control.get('control')!.toString()).toContain('Depends: lib\n');
    expect(data.lookup('/lib/app/data')).toMatchObject({
      path: '/usr/lib/app/data',
      package: 'app',
      size: noise.length,
    });
    expect(data.read('/usr/lib/app/data')).toEqual(noise);
    server.requests.length = 0;
    expect(await source().fetch(debsOf(archive), indexes, silent)).toEqual(paths);
    expect(server.requests).toEqual([]);
  });

  test('a changed .deb is refused', async () => {
    const { archive, machine, source } = await makeWorld({ tamper: 'deb' });
    machine();
    const indexes = await source().indexes(requested, silent);
    expect(await codeOf(source().fetch(debsOf(archive), indexes, silent))).toBe('PACKAGE_CORRUPT');
  });

  test('a mirror that goes away half-way is continued by the next run', async () => {
    const { archive, machine, source } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    const indexes = await source().indexes(requested, silent);
    server.behave((path, times) =>
      path.includes('app') ? (times === 0 ? { cutAfter: 50_000 } : { status: 500 }) : undefined,
    );
    expect(await codeOf(source().fetch(debsOf(archive), indexes, silent))).toBe('SOURCE_UNAVAILABLE');
    server.behave(() => undefined);
    server.requests.length = 0;
    await source().fetch(debsOf(archive), indexes, silent);
    expect(gets(server, /app_/)).toEqual([{ path: expect.any(String), status: 206, from: 50_000 }]);
  });

  test('a mirror that knows no ranges, and a part of another file, do no harm', async () => {
    const { archive, machine, source, cache } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    const indexes = await source().indexes(requested, silent);
    server.behave((_, times) => (times === 0 ? { cutAfter: 100 } : { ignoreRange: true }));
    await source().fetch([archive.packages.get('app')!], indexes, silent);
    writeFileSync(join(cache, 'partial', `${archive.packages.get('lib')!.sha256}.left`), 'no part of it');
    await source().fetch(debsOf(archive), indexes, silent);
  });

  test('a mirror whose file is shorter than what was left is told apart from one that is away', async () => {
    const { archive, machine, source, cache } = await makeWorld();
    const server = await served(archive);
    machine(server.uri);
    const indexes = await source().indexes(requested, silent);
    const lib = archive.packages.get('lib')!;
    truncateSync(join(archive.folder, lib.filename), 50);
    writeFileSync(join(cache, 'partial', `${lib.sha256}.left`), 'x'.repeat(100));
    expect(await codeOf(source().fetch([lib], indexes, silent))).toBe('PACKAGE_CORRUPT');
  });

  test('the archives are not asked for when all is here', async () => {
    const { archive, machine, source } = await makeWorld();
    machine();
    const asked = async () => source().indexes(requested, silent);
    await source().fetch(debsOf(archive), asked, silent);
    const never = () => Promise.reject(new Error('asked'));
    expect((await source().fetch(debsOf(archive), never, silent)).size).toBe(2);
  });

  test('what was not used for long is swept, and fetched again when needed', async () => {
    const { archive, machine, source } = await makeWorld();
    machine();
    await source().fetch(debsOf(archive), await source().indexes(requested, silent), silent);
    expect(await source(Date.now()).sweep!(HOUR)).toEqual({ files: 0, bytes: 0 });
    expect(await source(Date.now() + 2 * HOUR).sweep!(HOUR)).toMatchObject({ files: 3 });
    await source().fetch(debsOf(archive), await source().indexes(requested, silent), silent);
  });

  test('a package that the archive no longer has needs another resolution', async () => {
    const { archive, machine, source } = await makeWorld();
    machine();
    const indexes = await source().indexes(requested, silent);
    rmSync(join(archive.folder, 'pool'), { recursive: true });
    await expect(source().fetch(debsOf(archive), indexes, silent)).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      hint: expect.stringContaining('resolve again'),
    });
  });

  test('each archive that the indexes name is asked', async () => {
    const { archive, place, source } = await makeWorld();
    const security = await makeArchive(join(place, 'security'), {
      suite: 'bookworm-security',
      date: new Date(NOW - HOUR),
      key,
      packages: [{ name: 'patched' }],
    });
    makeAptRoot(join(place, 'root'), [
      { uri: security.uri, suites: ['bookworm-security'], key },
      { uri: archive.uri, suites: ['bookworm'], key },
    ]);
    const indexes = await source().indexes(requested, silent);
    expect(indexes.map(({ codename }) => codename)).toEqual(['bookworm', 'bookworm-security']);
    expect((await source().fetch([...debsOf(archive), ...debsOf(security)], indexes, silent)).size).toBe(3);
  });

  test.each([
    { summary: 'changed', damage: flipByte },
    { summary: 'cut', damage: (path: string) => truncateSync(path, 100) },
  ])('one that was $summary in the cache is noticed by the next process and fetched again', async ({ damage }) => {
    const { archive, machine, source } = await makeWorld();
    machine();
    const indexes = await source().indexes(requested, silent);
    const app = archive.packages.get('app')!;
    const path = (await source().fetch([app], indexes, silent)).get(app.sha256)!;
    chmodSync(path, 0o644);
    damage(path);
    expect(await codeOf(source().open(app))).toBe('PACKAGE_CORRUPT');
    const again = source();
    await again.fetch([app], indexes, silent);
    expect((await again.open(app)).data.read('/usr/lib/app/data')).toEqual(noise);
  });

  test('a damaged data.tar in the cache is made again', async () => {
    const { archive, machine, source, cache } = await makeWorld();
    machine();
    const app = archive.packages.get('app')!;
    await source().fetch([app], await source().indexes(requested, silent), silent);
    await source().open(app);
    flipByte(join(cache, 'data', `${app.sha256}.tar`));
    expect((await source().open(app)).data.read('/usr/lib/app/data')).toEqual(noise);
  });

  test('two processes at once do not disturb one another', async () => {
    const { archive, machine, source, cache } = await makeWorld();
    machine();
    const indexes = await source().indexes(requested, silent);
    const both = await Promise.all([1, 2, 3].map(() => source().fetch(debsOf(archive), indexes, silent)));
    expect(new Set(both.map((paths) => [...paths.values()].join())).size).toBe(1);
    expect(readdirSync(join(cache, 'partial')).filter((name) => !name.endsWith('.left'))).toEqual([]);
  });

  test.each([
    { summary: 'a ../ path', member: { name: './usr/../../etc/evil' } },
    { summary: 'an absolute path', member: { name: '/etc/evil' } },
    { summary: 'a file below its own link', member: { name: './usr/out/evil' } },
    {
      summary: 'a hard link to nothing',
      member: { name: './usr/hard', type: 'link' as const, target: '../../etc/shadow' },
    },
  ])('one with $summary is not opened', async ({ member }) => {
    const files = { '/usr/out': { target: '/etc' } };
    const { archive, machine, source } = await makeWorld({
      packages: [{ name: 'evil', files, members: [{ header: member }] }],
    });
    machine();
    const evil = archive.packages.get('evil')!;
    await source().fetch([evil], await source().indexes(requested, silent), silent);
    expect(await codeOf(source().open(evil))).toBe('PACKAGE_CORRUPT');
  });

  test.each([
    { summary: 'small', kilobytes: 10 },
    { summary: 'large, which dpkg-deb unpacks', kilobytes: 1200 },
  ])('a data.tar that is cut is refused, a whole one is read: $summary', async ({ kilobytes }) => {
    const data = noiseOf(kilobytes);
    const files = { '/usr/share/data': data };
    const { archive, machine, source } = await makeWorld({
      packages: [
        { name: 'whole', files },
        { name: 'cut', files, cutData: data.length / 2 },
      ],
    });
    machine();
    const one = source();
    await one.fetch(debsOf(archive), await one.indexes(requested, silent), silent);
    expect((await one.open(archive.packages.get('whole')!)).data.read('/usr/share/data').equals(data)).toBe(true);
    expect(await codeOf(one.open(archive.packages.get('cut')!))).toBe('PACKAGE_CORRUPT');
  });

  test('a cache that was copied elsewhere is believed as far as its digests go', async () => {
    const { archive, machine, place, source, cache } = await makeWorld();
    machine();
    const app = archive.packages.get('app')!;
    await source().fetch([app], await source().indexes(requested, silent), silent);
    await source().open(app);
    cpSync(cache, join(place, 'copy'), { recursive: true });
    const copied = aptPackageSource({
      cache: join(place, 'copy'),
      clock: { now: () => NOW },
      aptRoot: join(place, 'root'),
    });
    expect((await copied.open(app)).data.list('/usr/bin')).toEqual(['app']);
  });
});
