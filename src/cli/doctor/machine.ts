import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Accelerator, findFirmware, instanceFile } from '../../adapters/local/qemu/machine.ts';
import { startMachine } from '../../adapters/local/qemu/start.ts';
import type { HostCheck } from './check.ts';

const TRIAL_MS = 6_000;

/** The processor that Kiln's images are made for. */
export const processor: HostCheck = () => {
  const name = 'processor';
  if (process.arch === 'x64') return { name, state: 'ok', found: 'amd64' };
  return { name, state: 'missing', found: process.arch, mend: 'images are baked and booted on an amd64 machine' };
};

/** The program that boots images. */
export const qemu: HostCheck = async () => {
  const name = 'qemu';
  try {
    const { stdout } = await promisify(execFile)('qemu-system-x86_64', ['--version']);
    return { name, state: 'ok', found: stdout.split('\n')[0]! };
  } catch {
    const mend = 'apt-get install -y --no-install-recommends qemu-system-x86';
    return { name, state: 'missing', found: 'qemu-system-x86_64 does not start', mend };
  }
};

/** The firmware that images boot with. */
export const firmware: HostCheck = () => {
  const name = 'uefi firmware';
  try {
    return { name, state: 'ok', found: findFirmware().code };
  } catch {
    return { name, state: 'missing', found: 'none', mend: 'apt-get install -y --no-install-recommends ovmf' };
  }
};

/** Whether the firmware runs under KVM; that `/dev/kvm` is there does not say so. */
export const kvm: HostCheck = async ({ home }) => {
  const name = 'kvm';
  const mend = 'images are booted by emulation instead, which takes some ten times as long';
  if (!existsSync('/dev/kvm')) return { name, state: 'warning', found: 'there is no /dev/kvm', mend };
  const known = knownVerdict(home);
  if (known === 'kvm') return { name, state: 'ok', found: 'works, as the first launch found' };
  if (known) return { name, state: 'warning', found: '/dev/kvm is there, and no image boots under it', mend };
  for (const cpu of ['host', 'host,-arch-capabilities']) {
    if (await firmwareRuns({ kind: 'kvm', cpu })) return { name, state: 'ok', found: 'works' };
  }
  return { name, state: 'warning', found: '/dev/kvm is there, and a machine under it does not start', mend };
};

/** What the first launch since this machine booted found. */
function knownVerdict(home: string): string | undefined {
  try {
    const { boot, accelerator } = JSON.parse(readFileSync(join(home, 'instances/accelerator.json'), 'utf8'));
    const same = boot === readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return same ? accelerator.kind : undefined;
  } catch {
    return undefined;
  }
}

/** Boots a machine with an empty disk; true when the firmware writes to the console. */
async function firmwareRuns(accelerator: Accelerator): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-doctor-'));
  const disk = join(folder, 'empty.raw');
  writeFileSync(disk, Buffer.alloc(1 << 20));
  const machine = { disk, accelerator, memoryMiB: 256, diskBus: 'virtio', ports: [] } as const;
  try {
    const { child } = await startMachine(machine, folder, false);
    const end = Date.now() + TRIAL_MS;
    let running = false;
    while (!running && child.exitCode === null && Date.now() < end) {
      await sleep(100);
      running = readFileSync(join(folder, instanceFile.console)).length > 0;
    }
    child.kill('SIGKILL');
    return running;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LEAST_MEMORY = 2 * 2 ** 30;

/** An image that boots has 1 GiB, and the resolver and the file system tools need room too. */
export const memory: HostCheck = () => {
  const name = 'memory';
  const found = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  if (totalmem() >= LEAST_MEMORY) return { name, state: 'ok', found };
  return { name, state: 'warning', found, mend: 'at least 2 GiB are wanted' };
};
