import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chooseAccelerator } from '../../../src/adapters/local/qemu/accelerator.ts';
import { instanceFile } from '../../../src/adapters/local/qemu/machine.ts';
import { askMonitor } from '../../../src/adapters/local/qemu/monitor.ts';
import { type StartedMachine, startMachine } from '../../../src/adapters/local/qemu/start.ts';

/** A machine of QEMU at an address of its own. */
export interface VirtualMachine {
  /** 127.0.0.N; the guest's ports are reached at it under their own numbers. */
  readonly address: string;
  console(): string;
  isRunning(): boolean;
  /** Presses its power button; what has not ended after the grace is killed. */
  stop(graceMs: number): Promise<void>;
}

/** The verdict on KVM holds until this machine boots again: one trial for all suites. */
const VERDICTS = fileURLToPath(new URL('../../../node_modules/.cache/kiln-emulator', import.meta.url));
const MEMORY_MIB = 1024;

/** Boots a raw disk, as EC2's Nitro machines have it: UEFI, NVMe. */
export async function bootMachine(disk: string, folder: string, ports: readonly number[]): Promise<VirtualMachine> {
  mkdirSync(VERDICTS, { recursive: true });
  const accelerator = await chooseAccelerator(disk, VERDICTS);
  const machine = { disk, accelerator, memoryMiB: MEMORY_MIB, diskBus: 'nvme' as const, ports: [] };
  const { pid, child } = await startMachine(machine, folder, false);
  const monitor = `/proc/${pid}/cwd/${instanceFile.monitor}`;
  const address = await forward(monitor, ports);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    address,
    isRunning,
    console: () => consoleOf(folder),
    async stop(graceMs) {
      await powerDown({ child, monitor, isRunning }, graceMs);
      rmSync(join(folder, instanceFile.variables), { force: true });
    },
  };
}

const consoleOf = (folder: string) => {
  const path = join(folder, instanceFile.console);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

interface Running {
  readonly child: StartedMachine['child'];
  readonly monitor: string;
  readonly isRunning: () => boolean;
}

async function powerDown({ child, monitor, isRunning }: Running, graceMs: number): Promise<void> {
  const end = Date.now() + graceMs;
  for (let pressed = 0; isRunning() && Date.now() < end; pressed += 1) {
    if (pressed % 20 === 0) await askMonitor(monitor, 'system_powerdown').catch(() => undefined);
    await sleep(100);
  }
  child.kill('SIGKILL');
  while (isRunning()) await sleep(20);
}

const ADDRESSES = 40;

/** Forwards the ports on the first address that nothing else uses; other suites look for theirs at the same time. */
async function forward(monitor: string, ports: readonly number[]): Promise<string> {
  for (let tried = 0; tried < ADDRESSES; tried += 1) {
    const address = `127.0.0.${10 + Math.floor(Math.random() * 240)}`;
    if (!(await areFree(address, ports))) continue;
    const refused = await Promise.all(ports.map((port) => forwardOne(monitor, `tcp:${address}:${port}-:${port}`)));
    if (!refused.includes(true)) return address;
  }
  throw new Error(`internal: no address with the ports ${ports.join(', ')} free`);
}

async function forwardOne(monitor: string, rule: string): Promise<boolean> {
  const answer = await askMonitor(monitor, 'human-monitor-command', { 'command-line': `hostfwd_add net ${rule}` });
  return String(answer).trim() !== '';
}

async function areFree(address: string, ports: readonly number[]): Promise<boolean> {
  const free = await Promise.all(ports.map((port) => isFree(address, port)));
  return !free.includes(false);
}

function isFree(address: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, address, () => server.close(() => resolve(true)));
  return promise;
}
