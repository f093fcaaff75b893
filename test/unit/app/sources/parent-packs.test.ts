import { describe, expect, test } from 'vitest';
import { packsOf } from '../../../../src/app/sources/packs.ts';
import { imageSpec } from '../../../../src/model/spec.ts';

const OWN = `
name: own
description: the owner's
extends: [baseline]
`;

const modesOf = (bake: object | undefined, policies: string[] = []) => {
  const application = { packages: ['nginx'], run: { unit: 'nginx.service' } };
  const spec = imageSpec.parse({ name: 'web', application, policies, ...(bake ? { bake } : {}) });
  const { packs } = packsOf(
    spec,
    policies.map((it) => ({ name: `policies/${it}.yaml`, directory: '/', bytes: Buffer.from(OWN) })),
  );
  const rules = packs.flatMap((pack) => pack.rules.map((it) => [`${pack.name}/${it.rule.id}`, it.mode] as const));
  return Object.fromEntries(rules);
};

describe('packs on a vendor’s parent', () => {
  const parent = { with: 'image-builder', parent: 'ami-0123456789abcdef0' };
  const here = { ...modesOf(undefined), ...modesOf(undefined, ['own']) };
  const there = { ...modesOf(parent), ...modesOf(parent, ['own']) };

  test.each([
    'runs/elf-libraries',
    'runs/unit-commands',
    'baseline/lock-match',
    'baseline/package-set',
    'baseline/unexplained-programs',
  ])('%s presumes a root made of the lock: it warns', (rule) => {
    expect([here[rule], there[rule]]).toEqual(['enforce', 'warn']);
  });

  test.each([
    'runs/service-starts',
    'baseline/private-keys',
    'baseline/empty-passwords',
    'baseline/setuid-files',
    'own/lock-match',
  ])('%s is enforced as on any other root', (rule) => {
    expect([here[rule], there[rule]]).toEqual(['enforce', 'enforce']);
  });
});
