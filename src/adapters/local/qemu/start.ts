import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KilnError } from '../../../model/error.ts';
import { findFirmware, instanceFile, type Machine, qemuArguments } from './machine.ts';
import { askMonitor } from './monitor.ts';

const PROGRAM = 'qemu-system-x86_64';
const READY_MS = 20_000;

/** The shell closes a gap: had this process died before setpriv's request took effect, nothing would tell. */
const GUARD = '[ "$PPID" = "$0" ] && exec "$@"';

export interface StartedMachine {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Port of 127.0.0.1 by the guest's port. */
  readonly forwards: Readonly<Record<number, number>>;
}

/**
 * Starts a machine whose files are in `folder`, and waits until its monitor answers. It ends with this process, however that ends,
 * unless it is `detached`. Throws KilnError HOST_NOT_READY where QEMU is missing or refuses to start.
 */
export async function startMachine(machine: Machine, folder: string, detached: boolean): Promise<StartedMachine> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of Object.values(instanceFile)) rmSync(join(folder, name), { force: true });
  copyFileSync(findFirmware().variables, join(folder, instanceFile.variables));
  const errors = join(folder, 'qemu.log');
  const log = openSync(errors, 'w');
  const child = spawnMachine([PROGRAM, ...qemuArguments(machine)], folder, detached, log);
  closeSync(log);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(notReady(error.message)));
    child.once('exit', () => reject(notReady(lastLine(errors))));
  });
  failed.catch(() => undefined);
  const monitor = `/proc/${child.pid}/cwd/${instanceFile.monitor}`;
  try {
    await Promise.race([failed, answering(monitor)]);
    const forwards = machine.ports.length === 0 ? {} : await readForwards(monitor, machine.ports);
    child.removeAllListeners('exit');
    return { pid: child.pid!, child, forwards };
  } catch (error) {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    throw error;
  }
}

function spawnMachine(argv: readonly string[], folder: string, detached: boolean, log: number): ChildProcess {
  // A session of its own: Ctrl-C reaches the caller, who stops the machine in good order.
  const options = {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log, log] as const,
    env: { PATH: process.env.PATH, TMPDIR: folder },
  };
  const bound = ['--pdeathsig', 'KILL', '--', 'sh', '-c', GUARD, String(process.pid), ...argv];
  const child = detached
    ? spawn(argv[0]!, argv.slice(1), { ...options, stdio: [...options.stdio] })
    : spawn('setpriv', bound, { ...options, stdio: [...options.stdio] });
  child.unref();
  return child;
}

function notReady(reason: string): KilnError {
  const missing = /ENOENT|not found/.test(reason);
  return new KilnError('HOST_NOT_READY', `cannot start ${PROGRAM}: ${reason}`, {
    hint: missing ? 'apt-get install qemu-system-x86 ovmf' : 'kiln doctor tells what this machine lacks',
  });
}

function lastLine(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').at(-1) || 'it ended at once';
}

async function answering(monitor: string): Promise<void> {
  const end = Date.now() + READY_MS;
  for (;;) {
    const answered = await askMonitor(monitor, 'query-status').then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (Date.now() > end) throw notReady(`its monitor did not answer in ${READY_MS / 1000} s`);
    await sleep(20);
  }
}

/** QEMU chose the ports itself, so no other process can have taken them in between. */
async function readForwards(monitor: string, ports: readonly number[]): Promise<Record<number, number>> {
  const text = String(await askMonitor(monitor, 'human-monitor-command', { 'command-line': 'info usernet' }));
  const rows = [...text.matchAll(/TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+(\d+)/g)];
  const found = Object.fromEntries(rows.map(([, host, guest]) => [Number(guest), Number(host)]));
  if (ports.some((port) => found[port] === undefined))
    throw new Error(`internal: QEMU does not forward ${ports.join(', ')}: ${text}`);
  return found;
}

/** Whether a connection to the guest's port is up on the guest's side; QEMU's own side accepts at once. */
export async function guestAccepted(monitor: string, port: number): Promise<boolean> {
  const text = String(await askMonitor(monitor, 'human-monitor-command', { 'command-line': 'info usernet' }));
  return [...text.matchAll(/TCP\[(ESTABLISHED|CLOSE_WAIT|FIN_WAIT_\d)\]\s+\d+\s+(.*)/g)].some(([, , rest]) =>
    rest!.split(/\s+/).includes(String(port)),
  );
}
