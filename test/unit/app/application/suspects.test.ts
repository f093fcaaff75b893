import { expect, test } from 'vitest';
import { suspectsOf } from '../../../../src/app/application/suspects.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';
import { KilnError } from '../../../../src/model/error.ts';
import type { LockedPackage } from '../../../../src/model/lock.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import type { DebContents } from '../../../../src/ports/package-source.ts';

const locked = (...names: string[]) => ({ packages: names.map((name) => ({ name }) as LockedPackage) }) as never;
const specWith = (boot: object = {}) =>
  imageSpec.parse({ name: 'app', application: { packages: ['app (>= 1)'], run: { unit: 'app.service' } }, boot });
const sourceOf = (stanza: string) => ({
  open: async (): Promise<DebContents> => ({
    control: new Map([['control', Buffer.from(stanza)]]),
    data: memoryTree({}),
  }),
});
const baked = { facts: { notHonoured: ['DynamicUser=yes', 'PrivateTmp=yes', 'Requires=app.socket'] } };

test('of an image that failed is told what its packages recommend and it has not', async () => {
  const source = sourceOf('Package: app\nRecommends: data-of-app (>= 2), mail | post, lib\n');
  const told = await suspectsOf({ source }, { spec: specWith(), lock: locked('app', 'post'), baked: { facts: {} } });
  expect(told).toEqual([
    'app recommends data-of-app, which is not in: resolution.include: [data-of-app]',
    'app recommends lib, which is not in: resolution.include: [lib]',
  ]);
});

test('and what its unit asks of systemd alone, where that is not the init', async () => {
  const source = sourceOf('Package: app\n');
  const told = await suspectsOf({ source }, { spec: specWith(), lock: locked('app'), baked });
  expect(told).toEqual([
    'its unit says DynamicUser=yes, Requires=app.socket, which this init does not do: boot.init: systemd',
  ]);
  const bySystemd = { spec: specWith({ init: 'systemd' }), lock: locked('app'), baked };
  expect(await suspectsOf({ source }, bySystemd)).toEqual([]);
});

test('and what else its packages have enabled', async () => {
  const facts = { notHonoured: ['pool.service: only the service of the spec is started'] };
  const told = await suspectsOf({}, { spec: specWith(), lock: locked('app'), baked: { facts } });
  expect(told).toEqual(['pool.service of its packages is not started by this init: boot.init: systemd']);
});

test('a package that is not at hand any more tells nothing', async () => {
  const source = {
    open: async () => {
      throw new KilnError('SOURCE_UNAVAILABLE', 'gone');
    },
  };
  expect(await suspectsOf({ source }, { spec: specWith(), lock: locked('app'), baked: { facts: {} } })).toEqual([]);
});
