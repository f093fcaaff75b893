import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ImageTest } from '../../../model/spec.ts';
import { type Forwarding, forwardDatagrams } from './forward-datagrams.ts';

export interface DatagramEnds {
  /** Socket of the machine's monitor. */
  readonly monitor: string;
  /** Port of 127.0.0.1 by the guest's. */
  readonly forwards: Readonly<Record<number, number>>;
}

interface Shared {
  users: number;
  readonly forwarding: Promise<Forwarding | undefined>;
}

/** By monitor: tests of one machine may run at the same time. */
const running = new Map<string, Shared>();

/** Does the work of a test; a client's datagrams are forwarded meanwhile as its connections are, where that can be. */
export async function withDatagrams<T>(
  ends: DatagramEnds | undefined,
  test: ImageTest,
  work: () => Promise<T>,
): Promise<T> {
  if (!ends || !('command' in test)) return work();
  const { monitor, forwards } = ends;
  const shared = running.get(monitor) ?? {
    users: 0,
    forwarding: forwardDatagrams(monitor, forwards).catch(() => undefined),
  };
  running.set(monitor, shared);
  shared.users += 1;
  try {
    await shared.forwarding;
    return await work();
  } finally {
    shared.users -= 1;
    if (shared.users === 0) {
      running.delete(monitor);
      await (await shared.forwarding)?.close();
    }
  }
}

/** Forwards the datagrams of a machine that outlives this process. Nobody waits for it: without it only connections are forwarded. */
export function startRelay({ monitor, forwards }: DatagramEnds): void {
  const relay = fileURLToPath(new URL('./datagram-relay.ts', import.meta.url));
  const argv = ['--disable-warning=ExperimentalWarning', relay, monitor, JSON.stringify(forwards)];
  spawn(process.execPath, argv, { detached: true, stdio: 'ignore', cwd: '/' })
    .on('error', () => undefined)
    .unref();
}
