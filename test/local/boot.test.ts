import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { qemuTestBed } from '../../src/adapters/local/qemu-test-bed.ts';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';
import { readGpt } from '../../src/formats/disk/gpt.ts';
import { readRange } from '../../src/formats/tree/folder-tree.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { imageTest } from '../../src/model/spec.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Instance, TestBed } from '../../src/ports/test-bed.ts';
import { testBedContract } from '../contract/test-bed.ts';
import { type Bootable, makeBootable } from '../support/bootable.ts';

let bootable: Bootable;
const folder = mkdtempSync(join(tmpdir(), 'kiln-instances-'));
beforeAll(async () => {
  bootable = await makeBootable();
}, 300_000);
afterAll(() => {
  bootable?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const bedOf = (disk: string): TestBed =>
  qemuTestBed({ folder, store: { path: async () => disk }, clock: systemClock, memoryMiB: 256 });
const request = (key: string) => ({ diskDigest: 'a', imageId: 'bootable', ports: [80], key, account: 'test' });

testBedContract('QEMU', async () => ({
  bed: bedOf(bootable.diskPath),
  request: request('contract'),
  text: 'It boots.',
}));

test('a disk is the same, bit for bit, when it is assembled again', async () => {
  const digest = (path: string) => execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);
  expect(digest(await bootable.again())).toBe(digest(bootable.diskPath));
});

test("the root file system is sound in e2fsck's eyes", async () => {
  const [tools] = readdirSync(bootable.toolRootCache).filter((name) => !name.includes('unfinished'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  copyFileSync(bootable.diskPath, join(disk, 'disk.raw'));
  const table = readGpt(readRange(bootable.diskPath, 0, 34 * 512));
  const place = `/disk/disk.raw?offset=${table.partitions[1]!.start}`;
  const binds = [{ source: disk, target: '/disk' }];
  const result = await unshareIsolatedRoot().run(
    join(bootable.toolRootCache, tools!),
    ['/usr/sbin/e2fsck', '-fn', place],
    { binds },
  );
  expect(`${result.exitStatus} ${result.stdout}`).toMatch(/^0 /);
});

describe('two launches of one image', () => {
  const instances: Instance[] = [];
  beforeAll(async () => {
    for (const key of ['one', 'two']) instances.push(await bedOf(bootable.diskPath).launch(request(key)));
  });
  afterAll(async () => {
    for (const instance of instances) await bedOf(bootable.diskPath).stop(instance, 0);
  });

  test('differ in their identity, which was made at first boot', async () => {
    const bed = bedOf(bootable.diskPath);
    for (const instance of instances)
      expect(await bed.probe(instance, imageTest.parse({ http: {} }))).toMatchObject({ passed: true });
    const answers = await Promise.all(instances.map((instance) => fetchText(instance, '/cgi-bin/id')));
    for (const answer of answers) expect(answer).toMatch(/^[0-9a-f]{32}\nroot\nbootable\n$/);
    expect(answers[0]).not.toBe(answers[1]);
  }, 300_000);

  test('the console says that the application runs, and where it listens', async () => {
    const [instance] = instances as [Instance];
    for (const line of ['kiln: bootable runs', 'kiln: bootable listens on \\S+:80 \\(tcp\\)']) {
      const answer = await bedOf(bootable.diskPath).probe(
        instance,
        imageTest.parse({ timeout: '60s', console: { line } }),
      );
      expect(answer).toMatchObject({ passed: true });
    }
  }, 180_000);

  test('a service that dies is started again', async () => {
    const [instance] = instances as [Instance];
    await fetchText(instance, '/cgi-bin/crash').catch(() => undefined);
    const bed = bedOf(bootable.diskPath);
    const line = 'bootable ended with status \\d+ and is started again';
    expect(await bed.probe(instance, imageTest.parse({ timeout: '60s', console: { line } }))).toMatchObject({
      passed: true,
    });
    expect(await bed.probe(instance, imageTest.parse({ timeout: '60s', http: {} }))).toMatchObject({ passed: true });
  }, 180_000);
});

function fetchText({ endpoints }: Instance, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...endpoints[80], path }, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });
}

test('an instance ends with the process that launched it, even when that is killed; one that is detached goes on', async () => {
  const bed = fileURLToPath(new URL('../../src/adapters/local/qemu-test-bed.ts', import.meta.url));
  const script = `
    import { qemuTestBed } from ${JSON.stringify(bed)};
    const bed = qemuTestBed({ folder: ${JSON.stringify(folder)}, store: { path: async () => ${JSON.stringify(bootable.diskPath)} }, clock: Date, memoryMiB: 256 });
    const request = { diskDigest: 'a', imageId: 'bootable', ports: [], account: 'test' };
    await bed.launch({ ...request, key: 'bound' });
    await bed.launch({ ...request, key: 'free', detach: true });
    console.log('launched');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const here = bedOf(bootable.diskPath);
  const ids = async () => (await here.running()).map(({ id }) => id);
  const [bound, free] = ['bound', 'free'].map((key) => `i-${sha256(key).slice(0, 12)}`);
  expect((await ids()).sort()).toEqual([bound, free].sort());
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  while ((await ids()).includes(bound!)) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await ids()).toEqual([free]);
  const [instance] = await here.running();
  expect(await here.stop(instance!, 0)).toEqual({ clean: false });
  expect(existsSync(join(folder, free!, 'console.log'))).toBe(true);
}, 120_000);
