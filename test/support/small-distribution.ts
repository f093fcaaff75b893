import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mergedPath } from '../../src/formats/tree/usr-merge.ts';
import type { DebFile, DebSource } from './deb.ts';
import { makeStub } from './efi-stub.ts';
import { librariesOf, toolbox } from './toolbox.ts';

const KERNEL = '6.1.0-test';
/** What a machine's kernel would have as modules. */
const BUILT_IN = ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4'];

/**
 * All that an image needs beside its application, as packages small enough to be made in a second: a base to configure with, a kernel that
 * is none, the file system tools of this machine. What is baked of it has the form of an image, and does not boot.
 */
export function smallDistribution(): DebSource[] {
  return [
    toolbox(),
    { name: 'busybox-static', files: { '/bin/busybox': { content: 'busybox', mode: 0o755 } } },
    { name: 'linux-image-cloud-amd64', depends: `linux-image-${KERNEL}` },
    {
      name: `linux-image-${KERNEL}`,
      files: {
        [`/boot/vmlinuz-${KERNEL}`]: 'a kernel',
        [`/lib/modules/${KERNEL}/modules.builtin`]: BUILT_IN.map((it) => `kernel/drivers/${it}.ko\n`).join(''),
      },
    },
    { name: 'systemd-boot-efi', files: { '/usr/lib/systemd/boot/efi/linuxx64.efi.stub': makeStub() } },
    { name: 'e2fsprogs', files: programs(['mke2fs', 'mkfs.ext4', 'debugfs']), compression: '' },
  ];
}

/** Programs of this machine with the libraries that they load. */
function programs(names: readonly string[]): Record<string, DebFile> {
  const found = names.map((name) => execFileSync('which', [name], { encoding: 'utf8' }).trim());
  const paths = [...found, ...found.flatMap(librariesOf)];
  return Object.fromEntries(paths.map((path) => [mergedPath(path), { content: readFileSync(path), mode: 0o755 }]));
}
