import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageBuilderBaker } from '../../src/adapters/aws/image-builder-baker.ts';
import { folderArtifactStore } from '../../src/adapters/local/folder-artifact-store.ts';
import { openTarTree } from '../../src/formats/archive/tar-tree.ts';
import { writeTarOfFolder } from '../../src/formats/archive/tar-writer.ts';
import type { ArtifactStore } from '../../src/ports/artifact-store.ts';
import type { ParentBakeRequest, ParentBaker, ParentBakeState } from '../../src/ports/parent-baker.ts';
import { type ArchiveProxy, openArchiveProxy } from '../support/emulator/archive-proxy.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { imageBuilder } from '../support/emulator/image-builder.ts';
import { fetchClosure, makeParentRoot } from '../support/emulator/parent-root.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kiln-image-builder-'));
const PARENT = 'ami-0123456789abcdef0';

let parent: Promise<string> | undefined;
const builder = imageBuilder({
  folder: join(scratch, 'builds'),
  async parent(image, folder) {
    if (image !== PARENT) throw new Error(`no parent ${image}`);
    // A vendor's image has more than anybody asked for.
    parent ??= makeParentRoot(join(scratch, 'parent'), ['nano', 'cron', 'udev']);
    mkdirSync(folder, { recursive: true });
    const root = join(folder, 'root');
    execFileSync('cp', ['-a', '--reflink=auto', await parent, root]);
    return root;
  },
});

onEmulator('EC2 Image Builder', () => {
  let baker: ParentBaker;
  let store: ArtifactStore;
  let request: ParentBakeRequest;
  let first: ParentBakeState;
  const asked = async () => request;

  let proxy: ArchiveProxy;
  beforeAll(async () => {
    // This process reaches nothing but this machine: the archives by the proxy.
    proxy = await openArchiveProxy();
    Object.assign(process.env, proxy.environment);
    const [s3, bucket] = [new S3Client({}), 'kiln-image-builder'];
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
    store = folderArtifactStore(join(scratch, 'artifacts'));
    const infrastructureArn = 'arn:aws:imagebuilder:eu-west-1:123456789012:infrastructure-configuration/kiln';
    const work = join(scratch, 'work');
    baker = imageBuilderBaker({
      client: new ImagebuilderClient({}),
      s3,
      bucket,
      store,
      work,
      prefix: 'kiln',
      infrastructureArn,
    });
    request = await requestFor(['tinyproxy-bin'], join(scratch, 'request'));
    await baker.bake('web-1', asked);
    await builder.idle();
    first = await baker.bake('web-1', asked);
  }, 600_000);
  afterAll(() => {
    for (const name of Object.keys(proxy?.environment ?? {})) delete process.env[name];
    proxy?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  const treeOf = async (state: ParentBakeState) => {
    if (state.kind !== 'made') throw new Error(`${JSON.stringify(state)}\n${builder.log().slice(-3000)}`);
    return openTarTree(await store.path(state.treeDigest));
  };

  test('what comes out has the closure at its locked versions, and nothing else but what boots', async () => {
    const status = (await treeOf(first)).read('/var/lib/dpkg/status').toString();
    const installed = new Map(
      status.split('\n\n').flatMap((stanza) => {
        const [name, version] = ['Package', 'Version'].map(
          (field) => new RegExp(`^${field}: (.*)$`, 'm').exec(stanza)?.[1],
        );
        return name && stanza.includes('Status: install ok installed') ? [[name, version] as const] : [];
      }),
    );
    for (const it of request.packages) expect([it.name, installed.get(it.name)]).toEqual([it.name, it.version]);
    for (const gone of ['nano', 'cron']) expect(installed.has(gone)).toBe(false);
    for (const kept of ['systemd-sysv', 'udev', 'dpkg']) expect(installed.has(kept)).toBe(true);
  });

  test('the files of the application’s own are there with their owners, and its unit is started at boot', async () => {
    const tree = await treeOf(first);
    expect(tree.read('/srv/hello').toString()).toBe('hello\n');
    expect(tree.lookup('/srv/hello')).toMatchObject({ mode: 0o640, gid: 33 });
    expect(tree.lookup('/etc/systemd/system/multi-user.target.wants/kiln-application.service')?.type).toBe('symlink');
  });

  test('no identity, log, manual or trace of the build is in it', async () => {
    const tree = await treeOf(first);
    const paths = [...tree.entries()].filter((it) => it.type === 'file').map((it) => it.path);
    const left =
      /^\/(var\/cache\/kiln-bake|var\/log\/|usr\/share\/man\/|usr\/sbin\/policy-rc\.d|var\/lib\/apt\/lists\/)/;
    expect(paths.filter((it) => left.test(it))).toEqual([]);
    expect(tree.read('/etc/machine-id')).toHaveLength(0);
  });

  test('the AMI is there, once however often it is asked for', async () => {
    expect(await baker.bake('web-1', asked)).toEqual(first);
    const { imageId } = first as { imageId: string };
    const { Images } = await new EC2Client({}).send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    expect(Images).toHaveLength(1);
    expect(builder.made().images).toBe(1);
  });

  test('component and recipe of the same content are reused; a parent that is not there is said', async () => {
    await baker.bake('web-2', asked);
    expect(builder.made()).toMatchObject({
      components: [expect.any(String)],
      recipes: [expect.any(String)],
      images: 2,
    });
    await baker.bake('web-3', async () => ({ ...request, parent: 'ami-00000000000000000' }));
    const failed = await ended('web-3');
    expect(failed).toEqual({ kind: 'failed', reason: expect.stringContaining('no parent ami-00000000000000000') });
  });

  test('a package that is not what the lock says ends the bake', async () => {
    const [one, ...others] = request.packages;
    const wrong = { ...one!, sha256: '0'.repeat(64) };
    await baker.bake('web-4', async () => ({ ...request, packages: [wrong, ...others] }));
    expect(await ended('web-4')).toEqual({ kind: 'failed', reason: expect.stringContaining('InstallPackages') });
  }, 300_000);

  async function ended(key: string): Promise<ParentBakeState> {
    for (;;) {
      const state = await baker.bake(key, asked);
      if (state.kind !== 'pending') return state;
      await sleep(200);
    }
  }
}, [builder.route]);

async function requestFor(packages: readonly string[], folder: string): Promise<ParentBakeRequest> {
  const { packages: found, debs } = await fetchClosure(packages, folder);
  const overlay = join(folder, 'overlay');
  mkdirSync(join(overlay, 'srv'), { recursive: true });
  mkdirSync(join(overlay, 'etc/systemd/system'), { recursive: true });
  writeFileSync(join(overlay, 'srv/hello'), 'hello\n', { mode: 0o640 });
  const unit = '[Service]\nExecStart=/usr/bin/tinyproxy -d\n[Install]\nWantedBy=multi-user.target\n';
  writeFileSync(join(overlay, 'etc/systemd/system/kiln-application.service'), unit);
  await writeTarOfFolder(overlay, `${overlay}.tar`, { mtime: 0 });
  return {
    image: 'web',
    parent: PARENT,
    packages: found.map((it) => ({
      name: it.name,
      version: it.version,
      sha256: it.sha256,
      path: debs.get(it.sha256) ?? '',
    })),
    keep: [],
    overlay: `${overlay}.tar`,
    owners: { '/srv/hello': 'root:www-data' },
    unit: 'kiln-application.service',
    remove: [],
    withoutDocumentation: true,
  };
}
