import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Answer, Route } from './door.ts';
import { unzip } from './unzip.ts';

const RUNNER = fileURLToPath(new URL('./function-process.mjs', import.meta.url));
const GUARD = new URL('./loopback-only.mjs', import.meta.url).href;

export interface Invoked {
  readonly payload: string;
  readonly failed: boolean;
}

export interface Functions {
  readonly route: Route;
  invoke(name: string, event: unknown): Promise<Invoked>;
  /** Kills what works of a function now, as the platform may at any moment. */
  kill(name: string): void;
  /** Names of functions that work now. */
  busy(): string[];
  /** Milliseconds that processes of functions took until their bundle was loaded, one for each so far. */
  coldStarts(): readonly { readonly name: string; readonly ms: number }[];
  /** Output of every function so far. */
  log(): string;
  stop(): void;
}

interface Deployed {
  readonly bundle: string;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
}

interface Sandbox {
  readonly child: ChildProcess;
  busy: boolean;
}

/** Runs deployed functions: the bundle that was uploaded, in a process of its own, warm between calls, with the function's environment. */
export function deployedFunctions(environment: () => Readonly<Record<string, string>>): Functions {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-functions-'));
  const known = new Map<string, Promise<Deployed>>();
  const sandboxes = new Map<string, Sandbox[]>();
  const lines: string[] = [];
  const coldStarts: { name: string; ms: number }[] = [];

  async function invoke(name: string, event: unknown): Promise<Invoked> {
    const found = known.get(name) ?? describe(name, folder);
    known.set(name, found);
    const deployed = await found;
    const sandbox = idle(name, deployed);
    return call(sandbox, name, deployed, event);
  }

  function idle(name: string, deployed: Deployed): Sandbox {
    const all = sandboxes.get(name) ?? [];
    sandboxes.set(name, all);
    const free = all.find((it) => !it.busy && it.child.connected);
    if (free) return free;
    const child = start(name, deployed, { ...environment(), KILN_SCRATCH: join(folder, 'scratch', randomUUID()) });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (it) => lines.push(`${name}: ${it}`));
    child.on('message', (it: { coldStartMs?: number }) => {
      if (it.coldStartMs !== undefined) coldStarts.push({ name, ms: Math.round(it.coldStartMs) });
    });
    const made = { child, busy: false };
    all.push(made);
    return made;
  }

  return {
    invoke,
    kill(name) {
      for (const it of sandboxes.get(name) ?? []) if (it.busy) it.child.kill('SIGKILL');
    },
    busy: () => [...sandboxes].flatMap(([name, all]) => (all.some((it) => it.busy) ? name : [])),
    coldStarts: () => coldStarts,
    log: () => lines.join(''),
    async route(request) {
      const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(request.path)?.[1];
      if (request.method !== 'POST' || name === undefined) return undefined;
      const short = decodeURIComponent(name).split(':').at(-1) ?? name;
      const { payload, failed } = await invoke(short, JSON.parse(request.body.toString() || '{}'));
      return answer(payload, failed);
    },
    stop() {
      for (const it of [...sandboxes.values()].flat()) it.child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const answer = (payload: string, failed: boolean): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}) },
  body: Buffer.from(payload),
});

function start(
  name: string,
  { bundle, environment }: Deployed,
  further: Readonly<Record<string, string>>,
): ChildProcess {
  const { PATH = '', HOME = '/root', LANG = 'C.UTF-8' } = process.env;
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, '--import', GUARD, RUNNER], {
    env: {
      PATH,
      HOME,
      LANG,
      ...environment,
      ...further,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_SDK_UA_APP_ID: name,
      POWERTOOLS_TRACE_ENABLED: 'false',
      KILN_TEST_BUNDLE: pathToFileURL(bundle).href,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function call(sandbox: Sandbox, functionName: string, { timeoutMs }: Deployed, event: unknown): Promise<Invoked> {
  const { promise, resolve } = Promise.withResolvers<Invoked>();
  const { child } = sandbox;
  const id = randomUUID();
  sandbox.busy = true;
  const end = (result: Invoked) => {
    clearTimeout(timer);
    child.off('message', onMessage);
    child.off('exit', onExit);
    sandbox.busy = false;
    resolve(result);
  };
  const failure = (errorType: string, errorMessage: string) =>
    end({ payload: JSON.stringify({ errorType, errorMessage }), failed: true });
  const onMessage = (message: unknown) => {
    const reply = message as { id: string; payload: string; failed?: boolean };
    if (reply.id === id) end({ payload: reply.payload, failed: reply.failed ?? false });
  };
  const onExit = () => failure('Runtime.ExitError', 'the runtime exited');
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    failure('Sandbox.Timedout', `task timed out after ${timeoutMs} ms`);
  }, timeoutMs);
  child.on('message', onMessage);
  child.on('exit', onExit);
  child.send({ id, event, context: { functionName, awsRequestId: id, timeoutMs } });
  return promise;
}

/** What was deployed under a name, its archive fetched and unpacked. */
async function describe(name: string, folder: string): Promise<Deployed> {
  const { Code, Configuration } = await new LambdaClient({}).send(new GetFunctionCommand({ FunctionName: name }));
  const key = Code?.Location?.split('/').at(-1) ?? '';
  const bundle = join(await unpacked(key, folder), 'index.mjs');
  const environment = Configuration?.Environment?.Variables ?? {};
  return { bundle, environment, timeoutMs: (Configuration?.Timeout ?? 3) * 1000 };
}

/** Folder with what an archive of the CDK's assets bucket holds. */
export async function unpacked(key: string, folder: string): Promise<string> {
  const target = join(folder, key.replace(/\.zip$/, ''));
  if (existsSync(target)) return target;
  const Bucket = `cdk-hnb659fds-assets-123456789012-${process.env.AWS_REGION}`;
  const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket, Key: key }));
  const part = join(folder, randomUUID());
  unzip((await Body?.transformToByteArray()) ?? Buffer.alloc(0), part);
  if (existsSync(target)) rmSync(part, { recursive: true });
  else renameSync(part, target);
  return target;
}
