import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awaitReady, launchImage } from '../../src/app/launch/launch-image.ts';
import { revokeFrom, shareWith } from '../../src/app/sharing/grants.ts';
import { summarize } from '../../src/app/steps/summary.ts';
import { tick } from '../../src/app/watch/tick.ts';
import { composeLocal, type LocalKiln } from '../../src/cli/compose.ts';
import { openTarTree } from '../../src/formats/archive/tar-tree.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const PRODUCTION = '111111111111';
const STAGING = '222222222222';
const OUTSIDER = '333333333333';
const MINUTES = 60_000;

const home = mkdtempSync(join(tmpdir(), 'kiln-examples-'));
let kiln: LocalKiln;
beforeAll(() => {
  kiln = composeLocal({ home, cache: process.env.KILN_CACHE ?? '/var/lib/kiln/cache' });
});
afterAll(() => {
  kiln.close();
  rmSync(home, { recursive: true, force: true });
});

async function build(name: string) {
  const image = await kiln.addSpec(join(EXAMPLES, name));
  const outcome = await kiln.build({ image });
  const [newest] = await kiln.ports.catalog.listBuilds({ image, limit: 1 });
  return { outcome, image, summary: await summarize(kiln.ports, newest?.id ?? '') };
}

const launch = (image: string, account: string, key: string) => launchImage(kiln.ports, { image }, account, key);

describe.each([
  { name: 'nginx', accounts: [PRODUCTION, STAGING] },
  { name: 'redis', accounts: [PRODUCTION] },
  { name: 'flask', accounts: [PRODUCTION, STAGING] },
  { name: 'postgresql', accounts: [PRODUCTION] },
])('the example $name', ({ name, accounts }) => {
  test(
    'is baked, proven, booted, and shared with exactly its accounts',
    async () => {
      const { outcome, image, summary } = await build(name);
      expect(summary.steps.filter((it) => it.outcome === 'failed' || it.outcome === 'refused')).toEqual([]);
      expect(outcome.kind).toBe('succeeded');
      expect(summary.packages?.proven).toBe(true);
      expect(summary.tests.length).toBeGreaterThan(0);
      expect(summary.tests.every((it) => it.passed)).toBe(true);
      expect(summary.grants.map((it) => it.account).sort()).toEqual(accounts);
      expect(summary.version?.state).toBe('available');
      expect(await kiln.ports.catalog.aliases(image)).toEqual({ latest: 1 });
    },
    10 * MINUTES,
  );
});

describe('a built image', () => {
  test('is not built again when nothing changed', { timeout: 2 * MINUTES }, async () => {
    const { summary } = await build('nginx');
    expect(summary.build.state).toBe('unchanged');
    expect(await kiln.ports.catalog.listVersions('nginx')).toHaveLength(1);
  });

  test('calls for nothing when it is looked at first', { timeout: 2 * MINUTES }, async () => {
    const looked = await tick(kiln.ports, { rejudge: kiln.ports });
    expect(looked).toEqual({ started: [], rejudged: [], troubled: [] });
  });

  test('is launched by who has the grant, until that is taken back', { timeout: 5 * MINUTES }, async () => {
    const first = await launch('nginx', STAGING, 'one');
    if (first.kind !== 'launched') throw new Error(first.reason);
    const results = await awaitReady(kiln.ports, first.instance, 'nginx');
    const { revoked, unreached } = await revokeFrom(kiln.ports, { image: 'nginx' }, STAGING, 'a test');
    await kiln.ports.testBed.stop(first.instance);
    expect(results.every((it) => it.passed)).toBe(true);
    expect(revoked.map((it) => it.version)).toEqual([1]);
    expect(unreached.map((it) => it.id)).toEqual([first.instance.id]);
    expect(await launch('nginx', STAGING, 'two')).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(STAGING),
    });
    expect(existsSync(join(home, 'registry/accounts', STAGING, 'img-nginx-1'))).toBe(false);
    expect((await shareWith(kiln.ports, { image: 'nginx' }, STAGING)).kind).toBe('shared');
    expect(existsSync(join(home, 'registry/accounts', STAGING, 'img-nginx-1'))).toBe(true);
  });

  test('is refused to an account that nobody approved, and can’t be shared with it', { timeout: MINUTES }, async () => {
    expect(await launch('nginx', OUTSIDER, 'three')).toMatchObject({ kind: 'refused' });
    expect(await shareWith(kiln.ports, { image: 'nginx' }, OUTSIDER)).toMatchObject({ kind: 'refused' });
  });

  test.each([
    {
      summary: 'no private key that configuring made',
      name: 'postgresql',
      path: '/etc/ssl/private/ssl-cert-snakeoil.key',
    },
    { summary: 'no package manager that nobody asked for', name: 'nginx', path: '/usr/bin/dpkg' },
    { summary: 'no shell that nothing needs', name: 'nginx', path: '/usr/bin/sh' },
  ])('ships $summary', async ({ name, path }) => {
    const [version] = await kiln.ports.catalog.listVersions(name);
    const root = openTarTree(await kiln.ports.store.path(version?.treeDigest ?? ''));
    expect(root.lookup('/usr/bin')?.type).toBe('directory');
    expect(root.lookup(path)).toBeUndefined();
  });

  test('is told to those who listen', async () => {
    const notices = readFileSync(join(home, 'notices.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    expect(notices).toContain('image.published');
    expect(notices).toContain('grant.revoked');
  });
});
