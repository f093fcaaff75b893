import { existsSync } from 'node:fs';
import { KilnError } from '../../../model/error.ts';

export interface Accelerator {
  readonly kind: 'kvm' | 'tcg';
  /** QEMU's `-cpu`. */
  readonly cpu: string;
}

/** Five-level page tables would make each of an emulated machine's memory accesses slower. */
export const emulated: Accelerator = { kind: 'tcg', cpu: 'max,la57=off' };

export interface Machine {
  readonly disk: string;
  readonly accelerator: Accelerator;
  readonly memoryMiB: number;
  /** `virtio` boots fastest; `nvme` is what EC2's Nitro machines have. */
  readonly diskBus: 'virtio' | 'nvme';
  /** Ports of the guest that are reached on a free port of 127.0.0.1. */
  readonly ports: readonly number[];
}

const FIRMWARE = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
];

/** Files in an instance's folder, which is QEMU's working directory: names stay short enough for a Unix socket. */
export const instanceFile = { console: 'console.log', variables: 'variables.fd', monitor: 'monitor.sock' } as const;

/** The UEFI firmware of this machine's packages. Throws KilnError HOST_NOT_READY without it. */
export function findFirmware(): { code: string; variables: string } {
  const found = FIRMWARE.find(({ code, variables }) => existsSync(code) && existsSync(variables));
  if (found) return found;
  throw new KilnError('HOST_NOT_READY', 'no UEFI firmware for QEMU on this machine', { hint: 'apt-get install ovmf' });
}

/**
 * Arguments of qemu-system-x86_64: q35, UEFI, two processors, the disk under an overlay that QEMU unlinks as soon as it has
 * opened it, one network card that reaches nothing and is reached on 127.0.0.1 only, serial console to a file.
 */
export function qemuArguments(machine: Machine): string[] {
  const { accelerator, disk, diskBus, memoryMiB, ports } = machine;
  const accelerate = accelerator.kind === 'kvm' ? 'kvm' : 'tcg,thread=multi';
  const forwards = ports.map((port) => `,hostfwd=tcp:127.0.0.1:0-:${port}`).join('');
  const drive =
    diskBus === 'nvme' ? 'nvme,serial=kiln,drive=root,bootindex=0' : 'virtio-blk-pci,drive=root,bootindex=0';
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-no-reboot'],
    ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ['-machine', 'q35', '-accel', accelerate, '-cpu', accelerator.cpu, '-smp', '2', '-m', String(memoryMiB)],
    ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${quoted(findFirmware().code)}`],
    ['-drive', `if=pflash,unit=1,format=raw,file=${instanceFile.variables}`],
    ['-drive', `if=none,id=root,format=raw,snapshot=on,cache=unsafe,file=${quoted(disk)}`, '-device', drive],
    ['-netdev', `user,id=net,restrict=on,ipv6=off${forwards}`, '-device', 'virtio-net-pci,netdev=net,romfile='],
    ['-device', 'virtio-rng-pci'],
    ['-serial', `file:${instanceFile.console}`, '-qmp', `unix:${instanceFile.monitor},server=on,wait=off`],
  ].flat();
}

/** A comma ends an option's value unless it is doubled. */
function quoted(path: string): string {
  return path.replaceAll(',', ',,');
}
