import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KilnError } from '../../model/error.ts';
import type { IsolatedRoot, IsolatedRunOptions, IsolatedRunResult } from '../../ports/isolated-root.ts';

const ENTER_ROOT = fileURLToPath(new URL('./enter-root.pl', import.meta.url));
const HOST_NAME = 'localhost';
const FORCED_END = 128 + 9;
/** Bytes of each stream that are kept, the last ones: a command that talks without end must not fill this process. */
const KEPT_OUTPUT = 32 << 20;

/** Characters of a line without an end. */
const MAX_LINE = 1 << 16;

/** Inside, nothing of this process's environment is seen but what is given here or by the caller. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
} as const;

/**
 * Isolated roots by util-linux's unshare and setpriv, and perl-base (see enter-root.pl), on Linux x86_64 as root.
 * The command has no network, no devices but null and its like, and root's powers over the root's files alone; syncs do
 * nothing. It is killed when this process ends in any way; mounts exist only in its namespace and end with it.
 * `run` throws HOST_NOT_READY where the machine does not allow this, INTERRUPTED on abort; a status of 127 says that
 * the command does not exist.
 */
export function unshareIsolatedRoot(): IsolatedRoot {
  return { run };
}

async function run(
  root: string,
  argv: readonly string[],
  options: IsolatedRunOptions = {},
): Promise<IsolatedRunResult> {
  if (process.arch !== 'x64') throw notReady(`this machine is ${process.arch}, not x86_64`);
  throwIfAborted(options.signal);
  const child = start(root, argv, options);
  const output = collectOutput(child, options.onLine);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(notReady(error.message)));
    child.once('close', (status) => resolve(status ?? FORCED_END));
  });
  const stop = stopOn(child, options);
  feed(child, options.input);
  const exitStatus = await ended.finally(stop.done);
  throwIfAborted(options.signal);
  const { stdout, stderr, status } = output.read();
  if (status !== 'ready' && !stop.timedOut())
    throw notReady(status || stderr.trim() || 'it ended before the command was started');
  return { exitStatus, stdout, stderr, timedOut: stop.timedOut() };
}

/** The shell closes a gap: had this process died before setpriv's request took effect, nothing would tell. */
const GUARD = '[ "$PPID" = "$0" ] && exec "$@"';

function start(root: string, argv: readonly string[], options: IsolatedRunOptions): ChildProcess {
  const binds = options.binds ?? [];
  const request = [
    realpathSync(root),
    options.workingDirectory ?? '/',
    HOST_NAME,
    String(binds.length),
    ...binds.flatMap(({ source, target, writable }) => [writable ? '1' : '', realpathSync(source), target]),
    ...argv,
  ];
  const unshare = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--net', '--cgroup', '--propagation', 'private'];
  const enter = [...unshare, '--fork', '--kill-child=KILL', '--', 'perl', ENTER_ROOT, ...request];
  const guarded = ['sh', '-c', GUARD, String(process.pid), ...enter];
  const privileges = ['--pdeathsig', 'KILL', '--inh-caps=-all', '--ambient-caps=-all'];
  return spawn('setpriv', [...privileges, '--', ...guarded], {
    // A session of its own: no controlling terminal to push characters into.
    detached: true,
    env: { ...ENVIRONMENT, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

function collectOutput(child: ChildProcess, onLine?: (line: string) => void) {
  const [stdout, stderr, status] = [1, 2, 3].map((descriptor) => {
    const kept = lastBytes();
    const lines = onLine && descriptor < 3 ? lineSplitter(onLine) : undefined;
    const stream = child.stdio[descriptor] as NodeJS.ReadableStream;
    stream.on('data', (chunk: Buffer) => {
      kept.add(chunk);
      lines?.add(chunk);
    });
    stream.on('end', () => lines?.end());
    return kept;
  });
  return { read: () => ({ stdout: stdout!.text(), stderr: stderr!.text(), status: status!.text().trim() }) };
}

function lastBytes() {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk: Buffer) {
      chunks.push(chunk);
      size += chunk.length;
      while (size - chunks[0]!.length >= KEPT_OUTPUT) size -= chunks.shift()!.length;
    },
    text: () => Buffer.concat(chunks).toString(),
  };
}

function lineSplitter(onLine: (line: string) => void) {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    add(chunk: Buffer) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!.slice(-MAX_LINE);
      lines.forEach(onLine);
    },
    end() {
      if (rest) onLine(rest);
    },
  };
}

function feed(child: ChildProcess, input: string | Uint8Array | undefined): void {
  // A command that does not read its input is no fault.
  child.stdin!.on('error', () => {});
  child.stdin!.end(input ?? '');
}

function stopOn(child: ChildProcess, options: IsolatedRunOptions) {
  let timedOut = false;
  let repeat: NodeJS.Timeout | undefined;
  const stop = () => {
    killAll(child);
    repeat ??= setInterval(killAll, 20, child);
  };
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeoutMs);
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  return {
    timedOut: () => timedOut,
    done: () => {
      clearTimeout(timer);
      clearInterval(repeat);
      options.signal?.removeEventListener('abort', stop);
    },
  };
}

/** Kills the namespace's first process, so that unshare ends only when all processes in it have. */
function killAll(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const first = childrenOf(child.pid);
  for (const pid of first.length > 0 ? first : [child.pid]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new KilnError('INTERRUPTED', 'work in an isolated root was interrupted', { cause: signal.reason });
}

function notReady(detail: string): KilnError {
  return new KilnError('HOST_NOT_READY', `this machine cannot isolate a root: ${detail}`, {
    hint: 'run as root on Linux 5.12 or newer with util-linux and perl-base; in a container: a privileged one',
  });
}
