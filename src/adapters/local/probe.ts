import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KilnError } from '../../model/error.ts';
import { type ImageTest, milliseconds } from '../../model/spec.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';

export interface ProbeContext {
  readonly clock: Clock;
  readonly console: () => string;
  readonly isAlive: () => boolean;
  /** Whether the guest itself has accepted a connection to its port; whoever forwards to it may accept before it does. */
  readonly established: (port: number) => Promise<boolean>;
  /** Whether the machine is at work. One that is has up to twice a test's time: an emulated processor is many times slower than a real one. */
  readonly isBusy?: () => boolean;
  readonly signal?: AbortSignal;
}

/** Undefined: it passed. Text: why it did not, this time. */
type Attempt = (signal: AbortSignal) => Promise<string | undefined>;

/** While a guest boots, a connection may hang and never be answered: begin others meanwhile, so that none delays the measurement. */
const EVERY_MS = 200;
const AT_ONCE = 8;
const ATTEMPT_MS = 3_000;
/** A machine that has taken long to boot takes long to answer, too: attempts get a third of the time that has passed. */
const SHARE = 3;
/** Times a test's time, for a machine that is at work. */
const LONGEST = 2;
const LONGEST_ATTEMPT_MS = 60_000;
const ANSWER_LIMIT = 2 ** 20;

/**
 * Asks an instance what a test asks, again and again, until it passes or the test's time, counted from the launch or from now,
 * whichever is later, is over. Throws KilnError HOST_NOT_READY where the tester lacks the test's program, SPEC_INVALID for
 * a port that is not the application's, INTERRUPTED.
 */
export async function probeInstance(instance: Instance, test: ImageTest, context: ProbeContext): Promise<TestResult> {
  const { name, attempt, atOnce, attemptMs } = describeTest(instance, test, context);
  const timeout = milliseconds(test.timeout);
  const began = context.clock.now();
  const outcome = await repeat(attempt, { timeout, atOnce, attemptMs, context });
  if (outcome === undefined)
    return { name, passed: true, firstSuccessMs: context.clock.now() - Date.parse(instance.launchedAt) };
  const why = context.isAlive()
    ? `not in ${spent(context.clock.now() - began, test.timeout)}: ${outcome}`
    : `the instance ended: ${lastLines(context.console())}`;
  return { name, passed: false, detail: why };
}

/** The time that was given: the test's, or what it came to on a machine that was at work. */
function spent(passed: number, timeout: string): string {
  const over = passed - milliseconds(timeout);
  return over > milliseconds(timeout) / 10 ? `${Math.round(passed / 1000)}s` : timeout;
}

function describeTest(instance: Instance, test: ImageTest, { console, established }: ProbeContext) {
  const many = { atOnce: AT_ONCE, attemptMs: ATTEMPT_MS };
  if ('http' in test) {
    const { port, path } = test.http;
    const endpoint = endpointOf(instance, port);
    return {
      ...many,
      name: test.name ?? `GET ${path} on port ${port}`,
      attempt: (signal: AbortSignal) => askHttp(endpoint, test.http, signal),
    };
  }
  if ('tcp' in test) {
    const endpoint = endpointOf(instance, test.tcp.port);
    return {
      ...many,
      name: test.name ?? `TCP port ${test.tcp.port}`,
      attempt: (signal: AbortSignal) => askTcp(endpoint, test.tcp, established, signal),
    };
  }
  if ('command' in test) {
    const argv = test.command.run.map((word) => fillIn(word, instance));
    const attempt = (signal: AbortSignal) => runCommand(argv, test.command, signal);
    return { name: test.name ?? argv[0]!, attempt, atOnce: 1, attemptMs: 30_000 };
  }
  const expression = new RegExp(test.console.line, 'm');
  const attempt = async () => (expression.test(console()) ? undefined : `no line matches ${test.console.line}`);
  return { name: test.name ?? `console: ${test.console.line}`, attempt, atOnce: 1, attemptMs: ATTEMPT_MS };
}

/** Where an instance's port is reached. Throws SPEC_INVALID for one that is not the application's. */
export function endpointOf(instance: Instance, port: number): { host: string; port: number } {
  const endpoint = instance.endpoints[port];
  if (endpoint) return endpoint;
  throw new KilnError('SPEC_INVALID', `a test asks port ${port}, which is not one of application.ports`, {
    hint: `add ${port} to application.ports`,
  });
}

function fillIn(word: string, instance: Instance): string {
  const host = Object.values(instance.endpoints)[0]?.host ?? '127.0.0.1';
  return word
    .replaceAll('{host}', host)
    .replace(/\{port:(\d+)\}/g, (_, port: string) => String(endpointOf(instance, Number(port)).port));
}

interface Repetition {
  /** Milliseconds. */
  readonly timeout: number;
  readonly atOnce: number;
  readonly attemptMs: number;
  readonly context: ProbeContext;
}

/** Undefined when an attempt passed, else why the last that ended did not. */
async function repeat(
  attempt: Attempt,
  { timeout, atOnce, attemptMs, context }: Repetition,
): Promise<string | undefined> {
  const over = new AbortController();
  const under = new Set<Promise<void>>();
  const state: { passed: boolean; why: string; fault?: unknown } = { passed: false, why: 'no answer' };
  const began = context.clock.now();
  const hasTime = () => {
    const passed = context.clock.now() - began;
    const isBusy = context.isBusy?.() ?? false;
    return passed < timeout || (isBusy && passed < LONGEST * timeout);
  };
  const begin = () => {
    const share = Math.round((context.clock.now() - began) / SHARE);
    const limit = Math.max(attemptMs, Math.min(LONGEST_ATTEMPT_MS, share));
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(limit)]);
    const one = attempt(signal)
      .then((why) => {
        if (why === undefined) state.passed = true;
        else state.why = why;
      })
      .catch((fault) => {
        state.fault = fault;
      })
      .finally(() => under.delete(one));
    under.add(one);
  };
  try {
    while (!state.passed && state.fault === undefined && hasTime() && context.isAlive()) {
      if (context.signal?.aborted) throw new KilnError('INTERRUPTED', 'the test was interrupted');
      if (under.size < atOnce) begin();
      await Promise.race([sleep(EVERY_MS), ...(under.size >= atOnce ? under : [])]);
    }
  } finally {
    over.abort();
  }
  if (state.fault !== undefined) throw state.fault;
  return state.passed ? undefined : state.why;
}

/** Undefined: answered as wanted. Text: why not. */
export function askHttp(
  endpoint: { host: string; port: number },
  wanted: { path: string; status: number; body?: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      { ...endpoint, path: wanted.path, agent: false, signal, headers: { connection: 'close' } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          if (body.length < ANSWER_LIMIT) body += text;
        });
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => resolve(judge(response.statusCode, body)));
      },
    );
    const judge = (status: number | undefined, body: string) => {
      if (status !== wanted.status) return `status ${status}, wanted ${wanted.status}`;
      return wanted.body === undefined || body.includes(wanted.body)
        ? undefined
        : `the answer does not contain ${JSON.stringify(wanted.body)}`;
    };
    asked.on('error', (error) => resolve(reasonOf(error)));
    asked.end();
  });
}

/** With nothing expected it passes when the guest accepts. */
export function askTcp(
  endpoint: { host: string; port: number },
  wanted: { port: number; send?: string; expect?: string },
  established: ProbeContext['established'],
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(endpoint);
    let received = '';
    const end = (why: string | undefined) => {
      resolve(why);
      socket.destroy();
    };
    const answered = (none: string) => (received === '' ? none : `answered ${JSON.stringify(printable(received))}`);
    const abort = () => end(answered('no answer'));
    signal.addEventListener('abort', abort, { once: true });
    socket.on('connect', () => {
      if (wanted.send !== undefined) socket.write(wanted.send);
      if (wanted.expect === undefined)
        void untilTrue(() => established(wanted.port), signal).then(() => end(undefined));
    });
    socket.on('data', (data) => {
      received += data.toString('utf8');
      if (wanted.expect !== undefined && received.includes(wanted.expect)) end(undefined);
    });
    socket.on('error', (error) => end(reasonOf(error)));
    socket.on('close', () => end(`${answered('the connection was closed')}${received === '' ? '' : ' and hung up'}`));
  });
}

const SHOWN = 200;

/** The beginning of what came back; protocols have bytes in it that are no text. */
function printable(text: string): string {
  return text
    .slice(0, SHOWN)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
}

/** Never settles when the signal is aborted first. */
async function untilTrue(check: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await check())) {
    await sleep(100);
    if (signal.aborted) return new Promise(() => undefined);
  }
}

function runCommand(
  argv: readonly string[],
  wanted: { output?: string; packages: readonly string[] },
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    let output = '';
    const collect = (data: Buffer) => {
      if (output.length < ANSWER_LIMIT) output += data.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return resolve(reasonOf(error));
      const hint =
        wanted.packages.length > 0
          ? `apt-get install ${wanted.packages.join(' ')}`
          : 'name its Debian package in command.packages';
      reject(new KilnError('HOST_NOT_READY', `a test runs ${argv[0]}, which this machine has not`, { hint }));
    });
    child.on('close', (status) => {
      if (status !== 0) return resolve(`status ${status}: ${lastLines(output)}`);
      const matches = wanted.output === undefined || output.includes(wanted.output);
      resolve(
        matches ? undefined : `its output does not contain ${JSON.stringify(wanted.output)}: ${lastLines(output)}`,
      );
    });
  });
}

function reasonOf(error: Error & { code?: string }): string {
  return error.name === 'AbortError' || error.code === 'ABORT_ERR' ? 'no answer' : error.message;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(-400) || 'it said nothing';
}
