import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Accelerator, emulated, instanceFile } from './machine.ts';
import { startMachine } from './start.ts';

const CANDIDATES: readonly Accelerator[] = [
  { kind: 'kvm', cpu: 'host' },
  // Some nested hosts refuse to have this one register set.
  { kind: 'kvm', cpu: 'host,-arch-capabilities' },
];
const SILENCE_MS = 8_000;
const TRIAL_MS = 30_000;
/** The initial RAM file system says it when the kernel runs and has found its disk. */
const BOOTED = /^kiln: root file system is/m;

/**
 * KVM if a boot of `disk` under it gets as far as the root file system, else emulation: `/dev/kvm` may exist and not work. The
 * verdict holds until this machine boots again and is kept in `folder`.
 */
export async function chooseAccelerator(disk: string, folder: string): Promise<Accelerator> {
  const path = join(folder, 'accelerator.json');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const known = readVerdict(path);
  if (known?.boot === boot) return known.accelerator;
  const accelerator = (existsSync('/dev/kvm') ? await firstThatBoots(disk, folder) : undefined) ?? emulated;
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

async function firstThatBoots(disk: string, folder: string): Promise<Accelerator | undefined> {
  for (const accelerator of CANDIDATES) {
    if (await boots(disk, accelerator, folder)) return accelerator;
  }
  return undefined;
}

async function boots(disk: string, accelerator: Accelerator, parent: string): Promise<boolean> {
  const folder = mkdtempSync(join(parent, 'trial-'));
  try {
    const machine = { disk, accelerator, memoryMiB: 512, diskBus: 'virtio', ports: [] } as const;
    const { child } = await startMachine(machine, folder, false);
    try {
      return await bootsInTime(
        join(folder, instanceFile.console),
        () => child.exitCode === null && child.signalCode === null,
      );
    } finally {
      child.kill('SIGKILL');
    }
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bootsInTime(console: string, isAlive: () => boolean): Promise<boolean> {
  const began = Date.now();
  while (isAlive() && Date.now() - began < TRIAL_MS) {
    await sleep(100);
    const text = readFileSync(console, 'latin1');
    if (BOOTED.test(text)) return true;
    if (text === '' && Date.now() - began > SILENCE_MS) return false;
  }
  return false;
}
