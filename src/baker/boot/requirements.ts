import type { ImageSpec } from '../../model/spec.ts';

/** What an image and its assembly need beyond the application. */
export interface BootRequirements {
  /** Packages that ship with all that they depend on. */
  readonly whole: readonly { relation: string; purpose: string }[];
  /** Packages of which only these files ship; none: nothing of it ships as a file of the root tree. */
  readonly files: readonly { relation: string; paths: readonly string[]; purpose: string }[];
  /** Package of the kernel; a metapackage is followed to the one that has `/boot/vmlinuz-*`. */
  readonly kernel: string;
  /** Roots of the tool root, with all that they depend on. */
  readonly tools: readonly string[];
}

/** The packages that `spec.boot` asks for, init by init. */
export function bootRequirements(spec: ImageSpec): BootRequirements {
  const systemd = { relation: 'systemd', purpose: 'init: starts the application by its unit' };
  return {
    whole: spec.boot.init === 'systemd' ? [systemd] : [],
    files: [
      {
        relation: 'busybox-static',
        paths: ['/usr/bin/busybox'],
        purpose: 'finds the root file system; network, first boot and power button; the init, where it is busybox',
      },
    ],
    kernel: spec.boot.kernel,
    tools: ['e2fsprogs', 'systemd-boot-efi'],
  };
}
