import { expect, test } from 'vitest';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';
import { launchableBy, ownImages, parameter, runningInstances } from './aws-state.ts';
import { runByHand } from './by-hand.ts';
import { APPROVED, SPEC, specKey } from './example.ts';

const [PRODUCTION = '', STAGING = ''] = APPROVED;

/** A policy that nothing fulfils, for whoever it is about. */
const denial = (name: string, scope: object) =>
  JSON.stringify({
    name,
    scope,
    rules: [{ id: `${name}-rule`, title: 'nothing is good enough', severity: 'high', require: 'false' }],
  });

/** What must not be had: by a policy that changed, by a policy for all copies, by a test. */
export function refusals(kiln: () => DeployedKiln): void {
  const grants = async () =>
    (await kiln().catalog.listGrants({ image: 'nginx', inForce: true })).map((it) => it.account).sort();

  test('a changed policy takes the image from the one account that it is about', async () => {
    await kiln().put('settings/policies/staging.yaml', denial('staging', { accounts: [STAGING] }));
    await kiln().settled();
    const [image, ...more] = await ownImages();
    expect(more).toEqual([]);
    expect(await launchableBy(image?.ImageId ?? '')).toEqual([PRODUCTION]);
    expect(await grants()).toEqual([PRODUCTION]);
  }, 300_000);

  test('an image that breaks a policy for all copies ends refused before it is registered', async () => {
    await kiln().put('settings/policies/all.yaml', denial('all', { images: ['nginx'] }));
    await kiln().settled();
    const input = { image: 'nginx', options: { force: true } };
    expect(await runByHand(kiln(), 'breaks-policy', input)).toBe('FAILED REFUSED');
    const [build] = await kiln().catalog.listBuilds({ image: 'nginx' });
    expect([build?.state, build?.detail]).toEqual(['refused', expect.stringContaining('all-rule')]);
    expect(build?.steps.map((it) => [it.step, it.outcome])).toEqual([
      ['resolve', 'succeeded'],
      ['bake', 'reused'],
      ['validate', 'refused'],
    ]);
    const images = await ownImages();
    expect(images).toHaveLength(1);
    expect(await launchableBy(images[0]?.ImageId ?? '')).toEqual([]);
    await kiln().put('settings/policies/all.yaml', JSON.stringify({ name: 'all', rules: [] }));
    await kiln().settled();
  }, 300_000);

  test('an image whose test fails ends refused and quarantined: nobody’s, not launchable, latest stays what it was', async () => {
    const latest = await parameter('/kiln/images/nginx/latest');
    const broken = SPEC.replace('body: Baked by Kiln }', 'body: never said }\n    timeout: 45s');
    await kiln().put(specKey, broken);
    await kiln().settled();
    const [build] = await kiln().catalog.listBuilds({ image: 'nginx' });
    // What it answered is told as well, where the machine was quick enough for it to answer at all.
    expect([build?.state, build?.detail]).toEqual(['refused', expect.stringContaining('GET / on port 80 failed')]);
    const [version] = await kiln().catalog.listVersions('nginx');
    expect(version).toMatchObject({ state: 'quarantined', imageId: expect.any(String) });
    const bad = (await ownImages()).find((it) => it.ImageId === version?.imageId);
    expect(bad).toMatchObject({ State: 'disabled' });
    expect(await launchableBy(bad?.ImageId ?? '')).toEqual([]);
    expect(await parameter('/kiln/images/nginx/latest')).toBe(latest);
    expect(await runningInstances()).toEqual([]);
    expect(kiln().emulator.instances.running()).toBe(0);
  }, 600_000);
}
