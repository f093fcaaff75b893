import { expect, test } from 'vitest';
import { neededModules, packagesNear } from '../../../../src/baker/boot/needed-modules.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';
import { imageSpec } from '../../../../src/model/spec.ts';

const UNITS = '/usr/lib/systemd/system';
const specOf = (run: object, files: object[] = []) =>
  imageSpec.parse({ name: 'app', application: { packages: ['app'], run, files } });

test.each([
  { summary: 'a device that it is let to', line: 'DeviceAllow=/dev/net/tun rw', want: ['tun'] },
  { summary: 'a device that it waits for', line: 'ConditionPathExists=/dev/fuse', want: ['fuse'] },
  { summary: 'a module that must be there', line: 'AssertPathExists=/sys/module/ip_vs', want: ['ip_vs'] },
  { summary: 'one whose absence it waits for', line: 'ConditionPathExists=!/dev/net/tun', want: [] },
  { summary: 'modprobe', line: 'ExecStartPre=-/sbin/modprobe -q overlay', want: ['overlay'] },
  {
    summary: 'modprobe of several',
    line: 'ExecStartPre=/sbin/modprobe -a ip_vs nf_conntrack',
    want: ['ip_vs', 'nf_conntrack'],
  },
  { summary: 'a parameter', line: 'ExecStartPre=/sbin/modprobe loop max_loop=8', want: ['loop'] },
  { summary: 'an instance’s own name', line: 'ExecStart=-/sbin/modprobe -abq %I', want: [] },
  { summary: 'another device', line: 'DeviceAllow=/dev/null rw', want: [] },
])('a unit asks for modules: $summary', ({ line, want }) => {
  const tree = memoryTree({ [`${UNITS}/app@.service`]: `[Service]\n${line}\nExecStart=/usr/sbin/appd %i\n` });
  expect(neededModules(specOf({ unit: 'app@one.service' }), [memoryTree({}), tree])).toEqual(want);
});

test('those of a unit that is wanted count, those of other packages do not', () => {
  const app = memoryTree({
    [`${UNITS}/app.service`]: '[Unit]\nWants=run.service\n[Service]\nExecStart=/usr/sbin/appd\n',
  });
  const run = memoryTree({ [`${UNITS}/run.service`]: '[Service]\nExecStartPre=-/sbin/modprobe overlay\n' });
  const other = memoryTree({ [`${UNITS}/other.service`]: '[Service]\nDeviceAllow=/dev/net/tun rw\n' });
  expect(neededModules(specOf({ unit: 'app.service' }), [app, run, other])).toEqual(['overlay']);
});

test('lists of packages and of the user’s own are read, without comments', () => {
  const app = memoryTree({ '/usr/lib/modules-load.d/app.conf': '# why\n br_netfilter\n;x\n\nip-vs\n' });
  const files = [{ path: '/etc/modules-load.d/mine.conf', content: 'wireguard\n' }];
  expect(neededModules(specOf({ command: ['/usr/bin/app'] }, files), [app])).toEqual([
    'br_netfilter',
    'ip-vs',
    'wireguard',
  ]);
});

test('looked into are the packages that the spec names, those built with them, and what they ask for', () => {
  const locked = (name: string, source: string, by = '') => ({
    name,
    source: { name: source },
    layer: name === 'kernel' ? 'boot' : 'closure',
    why: by === '' ? [{ kind: 'spec' }] : [{ kind: 'relation', by }],
  });
  const packages = [
    locked('app', 'app'),
    locked('app-common', 'app', 'lib'),
    locked('runner', 'runner', 'app'),
    locked('deep', 'deep', 'runner'),
    locked('kernel', 'app', 'app'),
  ] as never;
  const near = packagesNear(specOf({ unit: 'app.service' }), { packages });
  expect(near.map((it) => it.name)).toEqual(['app', 'app-common', 'runner']);
});
