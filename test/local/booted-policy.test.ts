import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { qemuTestBed } from '../../src/adapters/local/qemu-test-bed.ts';
import { policyTestResults } from '../../src/app/gate/judge-tests.ts';
import { judgingInputs } from '../../src/app/gate/judging-inputs.ts';
import { tick } from '../../src/app/watch/tick.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type AdvisedWorld, advisedWorld } from '../support/advised-world.ts';
import { type Bootable, makeBootable } from '../support/bootable.ts';
import { OUTSIDER, SHOP, STAGING } from '../support/image-world.ts';

/** Policies whose tests are asked of a machine that really booted. */

const folder = mkdtempSync(join(tmpdir(), 'kiln-booted-'));
let bootable: Bootable;
let world: AdvisedWorld;
let ports: Ports;

beforeAll(async () => {
  bootable = await makeBootable();
  world = advisedWorld();
  const { store } = world.ports;
  const testBed = qemuTestBed({ folder, store, clock: { now: () => Date.now() }, memoryMiB: 256 });
  ports = { ...world.ports, testBed };
  const disk = join(folder, 'disk.raw');
  execFileSync('cp', ['--sparse=always', bootable.diskPath, disk]);
  world.write(
    'image.yaml',
    `name: app
application: { packages: [app], run: { unit: app.service }, ports: [80] }
distribute: { accounts: ["${SHOP}", "${STAGING}", "${OUTSIDER}"] }
`,
  );
  const published = await world.publish({ diskDigest: await store.put({ path: disk }) });
  // The spec's own tests passed when it was built.
  const { inputs } = await judgingInputs(ports, await ports.specs.load('app'), published);
  await ports.catalog.updateVersion('app', 1, { facts: { testsDigest: inputs.tests } });
}, 300_000);
afterAll(() => {
  world?.close();
  bootable?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const policyOf = (name: string, account: string, body: string): string => `name: ${name}
scope: { accounts: ["${account}"] }
tests: [{ name: ${name} reads its page, timeout: 120s, http: { port: 80, path: /index.html, body: ${body} } }]
`;

const granted = async () => {
  const grants = await ports.catalog.listGrants({ image: 'app', inForce: true });
  return grants.map((it) => it.account).sort();
};

test('an account gets the image once the tests of its own policy passed on a booted instance; others have nothing to do with it', {
  timeout: 300_000,
}, async () => {
  world.write('policies/shop.yaml', policyOf('shop', SHOP, 'It boots.'));
  const impatient = policyOf('staging', STAGING, 'It never says that').replace('120s', '5s');
  world.write('policies/staging.yaml', impatient);
  const { rejudged, troubled } = await tick(ports, { rejudge: ports });
  expect(troubled).toEqual([]);
  expect(await granted()).toEqual([SHOP, OUTSIDER]);
  expect(rejudged).toMatchObject([
    { refused: [{ account: STAGING, reason: expect.stringMatching(/staging reads its page/) }] },
  ]);
  const { diskDigest } = (await ports.catalog.getVersion('app', 1))!;
  const results = Object.values(await policyTestResults(ports, diskDigest));
  expect(results.map((it) => [it.name, it.passed])).toEqual([
    ['shop reads its page', true],
    ['staging reads its page', false],
  ]);
  // One machine for all that was asked, and none is left.
  expect(await ports.testBed.running()).toEqual([]);

  world.write('policies/staging.yaml', policyOf('staging', STAGING, 'It boots.'));
  await tick(ports, { rejudge: ports });
  expect(await granted()).toEqual([SHOP, STAGING, OUTSIDER]);
});
