import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canAccess } from '../../../../src/app/gate/can.ts';
import { launchImage } from '../../../../src/app/launch/launch-image.ts';
import { revokeFrom, shareWith } from '../../../../src/app/sharing/grants.ts';
import type { AccessAction } from '../../../../src/model/access.ts';
import { type ImageWorld, imageWorld, OUTSIDER, SHOP, STAGING } from '../../../support/image-world.ts';

let world: ImageWorld;
beforeEach(async () => {
  world = imageWorld();
  await world.publish();
});
afterEach(() => world.close());

let asked = 0;
const can = (account: string, action: AccessAction = 'launch') =>
  canAccess(world.ports, account, action, { image: 'app' }, `question-${asked++}`);
const share = (account: string) => shareWith(world.ports, { image: 'app' }, account);
const launch = (account: string) => launchImage(world.ports, { image: 'app' }, account, `launch-${asked++}`);

const OWN_PACK = (unit: string, require: string) =>
  `name: own\nscope: { organizationalUnits: [${unit}] }\nrules:\n  - { id: own-rule, title: ours, require: '${require}' }\n`;

describe('by the default policy', () => {
  test.each([
    { summary: 'an account of a unit that the spec names may launch', account: SHOP, action: 'launch', allowed: true },
    { summary: 'so may an account that the spec names', account: STAGING, action: 'launch', allowed: true },
    {
      summary: 'nobody may copy',
      account: SHOP,
      action: 'copy',
      allowed: false,
      reason: 'no access policy permits copy',
    },
    {
      summary: 'an account that the spec does not name may not',
      account: OUTSIDER,
      action: 'launch',
      allowed: false,
      reason: 'the spec distributes neither',
    },
    {
      summary: 'an account that nobody knows may not',
      account: '999999999999',
      action: 'launch',
      allowed: false,
      reason: 'account 999999999999 is not known',
    },
  ] as const)('$summary', async ({ account, action, allowed, ...want }) => {
    const answer = await can(account, action);
    expect(answer.allowed).toBe(allowed);
    if ('reason' in want) expect(answer.reason).toContain(want.reason);
    else
      expect(answer.decisions[0]?.policies).toEqual([
        { id: 'approved-accounts', effect: 'permit', file: 'access.cedar (default)', line: 5 },
      ]);
  });

  test('nobody gets what failed a test', async () => {
    await world.publish({ facts: { tests: [{ name: 'it answers', passed: false }] } });
    expect(await can(SHOP)).toMatchObject({ allowed: false, reason: 'no access policy permits launch' });
  });

  test('nobody gets what breaks a policy of all images', async () => {
    world.write('policies/all.yaml', 'name: all\nrules:\n  - { id: small, title: small, require: image.bytes < 1 }\n');
    expect((await can(SHOP)).allowed).toBe(false);
  });
});

describe('a unit as a whole', () => {
  test.each([
    {
      summary: 'may, where the spec names it',
      unit: 'production',
      allowed: true,
      reason: 'permitted by approved-accounts',
    },
    { summary: 'may, where the spec names one above it', unit: 'production/web', allowed: true, reason: 'permitted' },
    {
      summary: 'may not, where the spec names only one of its accounts',
      unit: 'staging',
      allowed: false,
      reason: 'the spec does not distribute to the unit staging',
    },
    {
      summary: 'may not, where no account lies in it',
      unit: 'nowhere',
      allowed: false,
      reason: 'no account lies in the unit nowhere',
    },
  ])('$summary', async ({ unit, allowed, reason }) => {
    const answer = await can(unit);
    expect(answer.allowed).toBe(allowed);
    expect(answer.reason).toContain(reason);
  });

  test('may not, where a policy of its own does not hold', async () => {
    world.write('policies/own.yaml', OWN_PACK('production', 'false'));
    expect(await can('production/web')).toMatchObject({ allowed: false, reason: expect.stringContaining('own-rule') });
  });
});

describe('by policies of one’s own', () => {
  test.each([
    {
      summary: 'without a permit the answer is no',
      cedar: 'permit (principal, action == Action::"share", resource);',
      allowed: false,
      reason: 'no access policy permits launch',
    },
    {
      summary: 'a forbid wins',
      cedar:
        'permit (principal, action, resource);\n@id("not-production")\nforbid (principal in Unit::"production", action, resource);',
      allowed: false,
      reason: 'forbidden by not-production (policies/own.cedar:2)',
    },
    {
      summary: 'labels of the image count',
      cedar:
        'permit (principal, action, resource) when { resource.hasTag("tier") && resource.getTag("tier") == "web" };',
      allowed: true,
      reason: 'permitted by policies/own.cedar:1',
    },
    {
      summary: 'the packs that passed count',
      cedar: 'permit (principal, action, resource) when { resource.packs.containsAll(["runs", "baseline"]) };',
      allowed: true,
      reason: 'permitted',
    },
    {
      summary: 'known vulnerabilities count, and whether any could be known',
      cedar: 'permit (principal, action, resource) when { resource.vulnerabilities.known };',
      allowed: false,
      reason: 'no access policy permits',
    },
    {
      summary: 'age counts in whole days',
      cedar: 'permit (principal, action, resource) when { resource.ageDays < 1 };',
      allowed: true,
      reason: 'permitted',
    },
    {
      summary: 'the region counts',
      cedar: 'permit (principal, action, resource) when { context.region == "eu-west-1" };',
      allowed: false,
      reason: 'no access policy permits',
    },
  ])('$summary', async ({ cedar, allowed, reason }) => {
    world.write('policies/own.cedar', cedar);
    const answer = await can(SHOP);
    expect(answer.allowed).toBe(allowed);
    expect(answer.reason).toContain(reason);
  });

  test('what is too old tomorrow is launched today', async () => {
    world.write('policies/own.cedar', 'permit (principal, action, resource) when { resource.ageDays < 1 };');
    await share(SHOP);
    expect((await launch(SHOP)).kind).toBe('launched');
    world.now += 24 * 3_600_000;
    expect(await launch(SHOP)).toMatchObject({ kind: 'refused', reason: 'launch: no access policy permits launch' });
  });
});

describe('an account’s own policy', () => {
  test('stops that account, and no other', async () => {
    world.write('policies/own.yaml', OWN_PACK('production', 'false'));
    expect(await can(SHOP)).toMatchObject({ allowed: false, reason: expect.stringContaining('own-rule') });
    expect((await can(STAGING)).allowed).toBe(true);
  });

  test('names tests that are run for it, once, and recorded for it', async () => {
    world.write(
      'policies/own.yaml',
      'name: own\nscope: { accounts: ["222222222222"] }\ntests:\n  - { name: pays, http: { port: 8080 } }\n',
    );
    expect((await can(STAGING)).allowed).toBe(true);
    expect((await can(STAGING)).allowed).toBe(true);
    expect(world.asked).toEqual(['pays']);
    expect(world.instances).toEqual([]);
  });

  test('whose test fails stops that account, and no other', async () => {
    world.failing.add('pays');
    world.write(
      'policies/own.yaml',
      'name: own\nscope: { accounts: ["222222222222"] }\ntests:\n  - { name: pays, http: { port: 8080 } }\n',
    );
    expect(await can(STAGING)).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('a test of own failed: pays'),
    });
    expect((await can(SHOP)).allowed).toBe(true);
  });

  test('whose test failed is asked again after a while', async () => {
    world.failing.add('pays');
    world.write(
      'policies/own.yaml',
      'name: own\nscope: { accounts: ["222222222222"] }\ntests:\n  - { name: pays, http: { port: 8080 } }\n',
    );
    await can(STAGING);
    world.failing.clear();
    expect((await can(STAGING)).allowed).toBe(false);
    world.now += 3_600_000;
    expect((await can(STAGING)).allowed).toBe(true);
  });
});

describe('sharing and launching', () => {
  test('go by the same decision', async () => {
    expect((await share(SHOP)).kind).toBe('shared');
    expect((await launch(SHOP)).kind).toBe('launched');
    world.write('policies/own.cedar', 'forbid (principal, action, resource);');
    expect(await launch(SHOP)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('forbidden by') });
    expect(await share(STAGING)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('forbidden by') });
  });

  test('whoever has no grant cannot launch, whatever policies permit', async () => {
    expect(await launch(SHOP)).toMatchObject({ kind: 'refused', reason: `account ${SHOP} has no grant for app@1` });
    await share(SHOP);
    await revokeFrom(world.ports, { image: 'app' }, SHOP, 'a test');
    expect((await launch(SHOP)).kind).toBe('refused');
    expect(await can(SHOP)).toMatchObject({ allowed: true, granted: false });
  });

  test('every decision is kept, with the policies that took it', async () => {
    await can(SHOP, 'copy');
    await share(SHOP);
    await launch(SHOP);
    const kept = await world.ports.catalog.listDecisions({ image: 'app', account: SHOP, action: 'launch' });
    expect(kept.map((it) => it.askedBy).sort()).toEqual(['can', 'launch', 'share']);
    expect(kept.every((it) => it.allowed && it.policies[0]?.id === 'approved-accounts')).toBe(true);
  });
});

describe('bad input', () => {
  test.each([
    {
      summary: 'an action that there is not',
      cedar: 'permit (principal, action == Action::"lanch", resource);',
      want: 'policies/own.cedar:1:30: unrecognized action `Action::"lanch"`; did you mean `Action::"launch"`?',
    },
    {
      summary: 'an attribute that images do not have',
      cedar: '// ä\npermit (principal, action, resource)\nwhen { resource.testPassed };',
      want: 'policies/own.cedar:3:8: attribute `testPassed` on entity type `Version` not found; did you mean `testsPassed`?',
    },
    {
      summary: 'an account that nobody knows',
      cedar: 'permit (principal == Account::"111111111112", action, resource);',
      want: 'policies/own.cedar:1:22: accounts.yaml has no account 111111111112; did you mean 111111111111?',
    },
    {
      summary: 'a text that is no policy',
      cedar: 'permit (principal, action);',
      want: 'policies/own.cedar:1:',
    },
    {
      summary: 'two policies of one id',
      cedar: '@id("a") permit (principal, action, resource);\n@id("a") forbid (principal, action, resource);',
      want: 'policies/own.cedar:2:1: policies/own.cedar:1 has a policy of the id a, too',
    },
    {
      summary: 'a template',
      cedar: 'permit (principal == ?principal, action, resource);',
      want: 'policies/own.cedar:1:1: a policy with ?principal or ?resource is a template',
    },
  ])('$summary is told with its place', async ({ cedar, want }) => {
    world.write('policies/own.cedar', cedar);
    await expect(can(SHOP)).rejects.toMatchObject({ code: 'POLICY_INVALID', message: expect.stringContaining(want) });
  });

  test('the last good policies stay in force', async () => {
    world.write('policies/own.cedar', 'forbid (principal, action, resource);');
    expect((await can(SHOP)).allowed).toBe(false);
    world.write('policies/own.cedar', 'permit (principal, action, resource) when {');
    const answer = await can(SHOP);
    expect(answer).toMatchObject({ allowed: false, reason: expect.stringContaining('forbidden by') });
    expect(answer.warnings[0]).toContain('the last good policies stay in force: policies/own.cedar:1:');
  });

  test('an account that is taken out of accounts.yaml gets nothing, though a policy names it still', async () => {
    world.write('policies/own.cedar', `permit (principal == Account::"${STAGING}", action, resource);`);
    expect((await can(STAGING)).allowed).toBe(true);
    world.write('accounts.yaml', `accounts:\n  - { id: "${SHOP}", name: shop, organizationalUnit: production/web }\n`);
    const answer = await can(STAGING);
    expect(answer).toMatchObject({ allowed: false, reason: `account ${STAGING} is not known` });
    expect(answer.warnings[0]).toContain(`accounts.yaml has no account ${STAGING}`);
  });
});

test('a rule that was never asked of the tree, where no tree can be opened, lets nothing through to whom it concerns', async () => {
  const rules = 'rules: [{ rule: unit-commands, parameters: { all: true } }]';
  world.write('policies/own.yaml', `name: own\nscope: { accounts: ["${SHOP}"] }\n${rules}\n`);
  expect(await can(SHOP)).toMatchObject({
    allowed: false,
    reason: expect.stringContaining('unit-commands was never asked of this image, and its tree cannot be opened here'),
  });
  expect((await can(STAGING)).allowed).toBe(true);
});

test('copies are for those whom a policy permits, and no longer where it does not', async () => {
  const readers = async () => {
    const { imageId } = (await world.ports.catalog.getVersion('app', 1))!;
    return (await world.ports.registry.describe(imageId))?.readableBy;
  };
  const who = (unit: string) =>
    `permit (principal, action in [Action::"launch", Action::"share"], resource);\npermit (principal in Unit::"${unit}", action == Action::"copy", resource);\n`;
  world.write('policies/access.cedar', who('production'));
  await share(SHOP);
  await share(STAGING);
  expect(await readers()).toEqual([SHOP]);
  world.write('policies/access.cedar', who('staging'));
  await share(SHOP);
  expect(await readers()).toEqual([]);
});
