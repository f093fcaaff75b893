import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KilnError } from '../../model/error.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { type Clock, timestamp } from '../../ports/clock.ts';
import type { Instance, LaunchRequest, TestBed } from '../../ports/test-bed.ts';
import { probeInstance } from './probe.ts';
import { processIdentity } from './process-identity.ts';
import { chooseAccelerator } from './qemu/accelerator.ts';
import { busyGauge } from './qemu/busy-gauge.ts';
import {
  type InstanceRecord,
  instanceId,
  isAlive,
  listRecords,
  readRecord,
  sweepEnded,
  writeRecord,
} from './qemu/instance-record.ts';
import { type Accelerator, instanceFile } from './qemu/machine.ts';
import { askMonitor } from './qemu/monitor.ts';
import { guestAccepted, startMachine } from './qemu/start.ts';
import { HANDED_OVER } from './qemu/time-boot.ts';
import { type DatagramEnds, startRelay, withDatagrams } from './qemu/with-datagrams.ts';

const GRACE_MS = 30_000;
/** A machine that is still booting misses the first press of its power button. */
const PRESS_EVERY_MS = 2_000;
const KEEP_ENDED_MS = 24 * 3_600_000;

export interface QemuTestBedOptions {
  /** Folder of the instances: records, consoles, overlays. */
  readonly folder: string;
  readonly store: Pick<ArtifactStore, 'path'>;
  readonly clock: Clock;
  /** Absent: KVM if a trial boot works, else emulation. */
  readonly accelerator?: Accelerator;
  readonly memoryMiB?: number;
  readonly diskBus?: 'virtio' | 'nvme';
}

/** Instances as QEMU machines under UEFI on throw-away overlays; see docs/boot.md. */
export function qemuTestBed(options: QemuTestBedOptions): TestBed {
  const { folder } = options;
  const textOf = (instance: Instance) => readConsole(join(folder, instance.id, instanceFile.console));
  const contextOf = (instance: Instance) => ({
    clock: options.clock,
    console: () => textOf(instance),
    isAlive: () => isAlive(readRecord(folder, instance.id)),
    established: (port: number) => hasAccepted(readRecord(folder, instance.id), port),
    isBusy: emulatedAtWork(folder, instance),
  });
  return {
    launch: (request, signal) => launch(options, request, signal),
    probe: (instance, test, signal) =>
      withDatagrams(datagramsOf(folder, instance), test, () =>
        probeInstance(instance, test, { ...contextOf(instance), signal }),
      ),
    console: async (instance) => textOf(instance),
    stop: (instance, graceMs = GRACE_MS) => stop(folder, instance, graceMs),
    async end(key) {
      const record = readRecord(folder, instanceId(key));
      if (record) await stop(folder, record.instance, 0);
    },
    running: async () =>
      listRecords(folder)
        .filter(isAlive)
        .map((record) => record.instance),
  };
}

async function launch(options: QemuTestBedOptions, request: LaunchRequest, signal?: AbortSignal): Promise<Instance> {
  const { folder, clock } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  sweepEnded(folder, KEEP_ENDED_MS, clock.now());
  const id = instanceId(request.key);
  const known = readRecord(folder, id);
  if (known && isAlive(known)) return known.instance;
  const disk = await options.store.path(request.diskDigest);
  const accelerator = options.accelerator ?? (await chooseAccelerator(disk, folder, signal));
  if (signal?.aborted) throw new KilnError('INTERRUPTED', `the launch of ${request.imageId} was interrupted`);
  rmSync(join(folder, id), { recursive: true, force: true });
  const launchedAt = timestamp(clock);
  const { memoryMiB = 1024, diskBus = 'virtio' } = options;
  const machine = { disk, accelerator, memoryMiB, diskBus, ports: request.ports };
  const { pid, forwards } = await startMachine(machine, join(folder, id), request.detach ?? false);
  const endpoints = Object.fromEntries(
    Object.entries(forwards).map(([guest, port]) => [guest, { host: '127.0.0.1', port }]),
  );
  const instance: Instance = {
    id,
    account: request.account,
    imageId: request.imageId,
    launchedAt,
    endpoints,
    machine: accelerator.kind,
  };
  const record = { instance, process: processIdentity(pid) ?? `${pid}-gone` };
  writeRecord(folder, record);
  if (request.detach && request.ports.length > 0) startRelay({ monitor: monitorOf(record), forwards });
  return instance;
}

async function stop(folder: string, instance: Instance, graceMs: number): Promise<{ clean: boolean }> {
  const record = readRecord(folder, instance.id);
  if (!record || !isAlive(record)) return record?.stopped ?? { clean: false };
  // Before its init runs there is nobody to press a button for, and nothing to lose.
  const booted = HANDED_OVER.test(readConsole(join(folder, instance.id, instanceFile.console)));
  const clean = booted && (await endsByItself(record, graceMs));
  if (!clean) process.kill(pidOf(record), 'SIGKILL');
  rmSync(join(folder, instance.id, instanceFile.variables), { force: true });
  writeRecord(folder, { ...record, stopped: { clean } });
  return { clean };
}

async function endsByItself(record: InstanceRecord, graceMs: number): Promise<boolean> {
  const end = Date.now() + graceMs;
  let pressed = Number.NEGATIVE_INFINITY;
  while (isAlive(record)) {
    if (Date.now() >= end) return false;
    if (Date.now() - pressed >= PRESS_EVERY_MS) {
      pressed = Date.now();
      await askMonitor(monitorOf(record), 'system_powerdown').catch(() => undefined);
    }
    await sleep(50);
  }
  return true;
}

function emulatedAtWork(folder: string, { id, machine }: Instance): (() => boolean) | undefined {
  const record = machine === 'tcg' ? readRecord(folder, id) : undefined;
  return record && busyGauge(pidOf(record));
}

async function hasAccepted(record: InstanceRecord | undefined, port: number): Promise<boolean> {
  if (!record || !isAlive(record)) return false;
  return guestAccepted(monitorOf(record), port).catch(() => false);
}

/** Undefined where the instance has ended. */
function datagramsOf(folder: string, { id, endpoints }: Instance): DatagramEnds | undefined {
  const record = readRecord(folder, id);
  if (!record || !isAlive(record)) return undefined;
  const forwards = Object.fromEntries(Object.entries(endpoints).map(([guest, { port }]) => [guest, port]));
  return { monitor: monitorOf(record), forwards };
}

function monitorOf(record: InstanceRecord): string {
  return `/proc/${pidOf(record)}/cwd/${instanceFile.monitor}`;
}

function pidOf(record: InstanceRecord): number {
  return Number.parseInt(record.process, 10);
}

/** The console's text without the firmware's cursor movements. */
function readConsole(path: string): string {
  if (!existsSync(path)) return '';
  return readFileSync(path, 'utf8')
    .replace(/\x1b\[[0-9;?=]*[A-Za-z]|\x1bc/g, '')
    .replace(/[\0\r]/g, '');
}
