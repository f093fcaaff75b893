import { expect, test } from 'vitest';
import { moduleName, planModules, readModuleInfo } from '../../../src/formats/disk/kernel-modules.ts';

/** A 64-bit ELF file with a `.modinfo` section that holds these lines. */
function makeModule(lines: readonly string[]): Buffer {
  const info = Buffer.from(lines.map((line) => `${line}\0`).join(''));
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  const table = 64 + info.length + names.length;
  header.writeBigUInt64LE(BigInt(table), 0x28);
  [64, 3, 2].forEach((value, index) => {
    header.writeUInt16LE(value, 0x3a + index * 2);
  });
  const section = (name: number, offset: number, size: number) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 0x18);
    entry.writeBigUInt64LE(BigInt(size), 0x20);
    return entry;
  };
  const sections = [Buffer.alloc(64), section(1, 64, info.length), section(10, 64 + info.length, names.length)];
  return Buffer.concat([header, info, names, ...sections]);
}

/** `name: depends | aliases`. */
function catalogOf(modules: Record<string, string>, builtin: string[] = []) {
  const files = new Map<string, Buffer>(
    Object.entries(modules).map(([name, text]) => {
      const [depends = '', aliases = ''] = text.split('|').map((part) => part.trim());
      const lines = [
        `depends=${depends}`,
        ...aliases
          .split(' ')
          .filter(Boolean)
          .map((alias) => `alias=${alias}`),
      ];
      return [`/m/${name}.ko`, makeModule(lines)] as const;
    }),
  );
  const paths = new Map([...files.keys()].map((path) => [moduleName(path), path]));
  return { paths, builtin: new Set(builtin), info: (path: string) => readModuleInfo(path, files.get(path)!) };
}

const net = {
  virtio: '',
  'virtio-ring': 'virtio',
  virtio_net: 'virtio-ring,net_failover | virtio:d00000001v*',
  net_failover: '',
  virtio_pci: 'virtio_ring,virtio | pci:v00001AF4d*sv*',
  ena: '| pci:v00001D0Fd0000EC20sv* pci:v00001D0Fd0000EC21sv*',
  button: '| acpi*:PNP0C0C:*',
};

test.each([
  {
    summary: 'what a module depends on is loaded before it',
    wanted: ['virtio_net'],
    want: ['net_failover 1af4', 'virtio 1af4', 'virtio_ring 1af4', 'virtio_net 1af4'],
  },
  { summary: 'a driver of one vendor is loaded for its hardware only', wanted: ['ena'], want: ['ena 1d0f'] },
  { summary: 'another is always loaded', wanted: ['button'], want: ['button always'] },
  { summary: 'what is built in needs no file', wanted: ['ext4', 'ena'], want: ['ena 1d0f'] },
  {
    summary: 'the order of the request does not matter',
    wanted: ['ena', 'button'],
    want: ['button always', 'ena 1d0f'],
  },
])('$summary', ({ wanted, want }) => {
  const { modules, missing } = planModules(wanted, catalogOf(net, ['ext4']));
  expect(modules.map(({ name, vendors }) => `${name} ${vendors.join(',') || 'always'}`)).toEqual(want);
  expect(missing).toEqual([]);
});

test('a module that is nowhere is missing', () => {
  expect(planModules(['xfs', 'virtio-rng'], catalogOf(net)).missing).toEqual(['virtio_rng', 'xfs']);
});

test('soft dependencies come first where they are there, and circles end', () => {
  const catalog = catalogOf({ a: '', b: '' });
  const info = (path: string) =>
    readModuleInfo(path, makeModule(path.endsWith('a.ko') ? ['depends=b', 'softdep=pre: b c post: d'] : ['depends=a']));
  expect(
    planModules(['a'], { ...catalog, info })
      .modules.map((module) => module.name)
      .sort(),
  ).toEqual(['a', 'b']);
});

test('what is not a module is refused', () => {
  expect(() => readModuleInfo('/m/x.ko', Buffer.from('#!/bin/sh'))).toThrow('not an ELF file');
});
