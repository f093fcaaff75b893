import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KilnError } from '../../../model/error.ts';
import { type Accelerator, emulated } from './machine.ts';
import { HANDED_OVER, timeBoot } from './time-boot.ts';

const CANDIDATES: readonly Accelerator[] = [
  { kind: 'kvm', cpu: 'host' },
  // Some nested hosts refuse to have this one register set.
  { kind: 'kvm', cpu: 'host,-arch-capabilities' },
];
const LIMITS = { silenceMs: 8_000, totalMs: 30_000 };

/**
 * KVM if a boot of `disk` under it gets as far as the root file system, else emulation: `/dev/kvm` may exist and not work. The
 * verdict holds until this machine boots again and is kept in `folder`.
 */
export async function chooseAccelerator(disk: string, folder: string, signal?: AbortSignal): Promise<Accelerator> {
  const path = join(folder, 'accelerator.json');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const known = readVerdict(path);
  if (known?.boot === boot) return known.accelerator;
  const accelerator = (existsSync('/dev/kvm') ? await firstThatBoots(disk, folder, signal) : undefined) ?? emulated;
  // A trial that was cut short says nothing.
  if (signal?.aborted) return accelerator;
  writeFileSync(`${path}.${process.pid}`, JSON.stringify({ boot, accelerator }));
  renameSync(`${path}.${process.pid}`, path);
  return accelerator;
}

function readVerdict(path: string): { boot: string; accelerator: Accelerator } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { boot: string; accelerator: Accelerator };
  } catch {
    return undefined;
  }
}

async function firstThatBoots(disk: string, folder: string, signal?: AbortSignal): Promise<Accelerator | undefined> {
  for (const accelerator of CANDIDATES) {
    if (await boots(disk, accelerator, folder, signal)) return accelerator;
  }
  return undefined;
}

async function boots(disk: string, accelerator: Accelerator, parent: string, signal?: AbortSignal): Promise<boolean> {
  const folder = mkdtempSync(join(parent, 'trial-'));
  const machine = { disk, accelerator, memoryMiB: 512, diskBus: 'virtio', ports: [] } as const;
  try {
    return (await timeBoot(machine, folder, HANDED_OVER, { ...LIMITS, signal })) !== undefined;
  } catch (error) {
    // Without QEMU or firmware there is nothing to learn; a refusal of KVM is the answer.
    if (error instanceof KilnError && error.hint?.startsWith('apt-get')) throw error;
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
