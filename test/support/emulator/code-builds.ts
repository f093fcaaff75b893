import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { cachedFolders, makeContainerRoot, runContainer } from './build-container.ts';
import { deployedResources } from './deployed-templates.ts';
import type { Answer, Call, Route } from './door.ts';
import { deployedExports, resolvedProperties } from './intrinsics.ts';
import { unzip } from './unzip.ts';

/** A project as its deployed template states it. */
interface Project {
  readonly Name: string;
  readonly Source: { readonly Type: string; readonly Location: string; readonly BuildSpec: string };
  readonly Environment: {
    readonly Image: string;
    readonly PrivilegedMode: boolean;
    readonly EnvironmentVariables?: readonly Variable[];
  };
  readonly TimeoutInMinutes?: number;
}

interface Variable {
  readonly Name: string;
  readonly Value: string;
}

interface StartRequest {
  readonly projectName: string;
  readonly idempotencyToken?: string;
  readonly environmentVariablesOverride?: readonly { name: string; value: string }[];
}

type Status = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'FAULT' | 'TIMED_OUT' | 'STOPPED';

interface Build {
  readonly id: string;
  readonly projectName: string;
  readonly request: string;
  buildStatus: Status;
  child?: ChildProcess;
  done?: Promise<void>;
}

export interface CodeBuildsOptions {
  readonly folder: string;
  /** What the platform gives a build: where AWS is, credentials, the way to the archives. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Milliseconds of a minute of a project's timeout: tests of timeouts shorten it. */
  readonly minuteMs?: () => number;
}

export interface CodeBuilds {
  readonly route: Route;
  /** Starts a build and waits for its end: what Step Functions does for `startBuild.sync`. */
  runToEnd(request: StartRequest): Promise<{ readonly buildStatus: Status; readonly id: string }>;
  /** Output of all builds. */
  log(): string;
  /** Ends the containers that run as if their machine were gone; gives how many. */
  interrupt(): number;
  /** How many containers were started. */
  started(): number;
  stop(): void;
}

/** CodeBuild for real: the deployed project's buildspec over its source in the bucket, in an isolated root of this machine. */
export function codeBuilds(options: CodeBuildsOptions): CodeBuilds {
  const builds = new Map<string, Build>();
  const byToken = new Map<string, Build>();
  const lines: string[] = [];
  const say = (text: string) => lines.push(text);

  function start(request: StartRequest): Build {
    const token = request.idempotencyToken;
    const known = token === undefined ? undefined : byToken.get(token);
    const text = JSON.stringify(request);
    if (known && known.request !== text) throw new Error('InvalidInputException: token of another request');
    if (known) return known;
    const id = `${request.projectName}:${randomUUID()}`;
    const build: Build = { id, projectName: request.projectName, request: text, buildStatus: 'IN_PROGRESS' };
    builds.set(id, build);
    if (token !== undefined) byToken.set(token, build);
    build.done = execute(build, request, options, say).then(
      (status) => end(build, status),
      (error) => {
        say(`${id}: ${error}\n`);
        end(build, 'FAULT');
      },
    );
    return build;
  }

  return {
    log: () => lines.join(''),
    started: () => builds.size,
    interrupt() {
      const running = [...builds.values()].filter((it) => it.buildStatus === 'IN_PROGRESS' && it.child);
      for (const { child } of running) child?.kill('SIGKILL');
      return running.length;
    },
    async runToEnd(request) {
      const build = start(request);
      await build.done;
      return build;
    },
    stop() {
      for (const { child } of builds.values()) child?.kill('SIGKILL');
    },
    async route(call) {
      if (call.service !== 'codebuild') return undefined;
      return answer(call, { start, builds });
    },
  };
}

function end(build: Build, status: Status): void {
  if (build.buildStatus === 'IN_PROGRESS') build.buildStatus = status;
}

interface Books {
  readonly start: (request: StartRequest) => Build;
  readonly builds: ReadonlyMap<string, Build>;
}

function answer(call: Call, { start, builds }: Books): Answer | undefined {
  const request = JSON.parse(call.body.toString() || '{}');
  const told = ({ id, projectName, buildStatus }: Build) => ({ id, projectName, buildStatus });
  switch (call.operation) {
    case 'StartBuild':
      return json({ build: told(start(request)) });
    case 'BatchGetBuilds':
      return json({ builds: request.ids.flatMap((id: string) => (builds.has(id) ? told(builds.get(id)!) : [])) });
    case 'StopBuild': {
      const build = builds.get(request.id);
      if (build?.buildStatus === 'IN_PROGRESS') build.buildStatus = 'STOPPED';
      build?.child?.kill('SIGKILL');
      return json({ build: build && told(build) });
    }
    default:
      return undefined;
  }
}

async function execute(build: Build, request: StartRequest, options: CodeBuildsOptions, say: (text: string) => void) {
  const project = await projectNamed(build.projectName);
  const folder = join(options.folder, build.id.replace(':', '-'));
  const source = join(folder, 'source');
  mkdirSync(source, { recursive: true });
  try {
    await fetchSource(project, source);
    const root = await makeContainerRoot(join(folder, 'container'));
    if (build.buildStatus !== 'IN_PROGRESS') return build.buildStatus;
    const spec = parse(project.Source.BuildSpec) as BuildSpec;
    const child = runContainer({
      root,
      source,
      commands: PHASES.flatMap((it) => spec.phases[it]?.commands ?? []),
      environment: {
        ...options.environment(),
        ...variablesOf(project.Environment.EnvironmentVariables ?? []),
        ...Object.fromEntries((request.environmentVariablesOverride ?? []).map((it) => [it.name, it.value])),
        CODEBUILD_BUILD_ID: build.id,
        AWS_SDK_UA_APP_ID: build.projectName,
      },
      binds: cachedFolders(spec.cache?.paths ?? []),
    });
    build.child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (it) => say(`${build.projectName}: ${it}`));
    return await ended(child, (project.TimeoutInMinutes ?? 60) * (options.minuteMs?.() ?? 60_000));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PHASES = ['install', 'pre_build', 'build', 'post_build'] as const;

interface BuildSpec {
  readonly phases: Partial<Record<(typeof PHASES)[number], { readonly commands: readonly string[] }>>;
  readonly cache?: { readonly paths?: readonly string[] };
}

const variablesOf = (variables: readonly Variable[]) =>
  Object.fromEntries(variables.map(({ Name, Value }) => [Name, Value]));

async function projectNamed(name: string): Promise<Project> {
  const exports = await deployedExports();
  const all = (await deployedResources('AWS::CodeBuild::Project')).map((it) => resolvedProperties(it, exports));
  const found = (all as unknown as Project[]).find((it) => it.Name === name);
  if (!found) throw new Error(`ResourceNotFoundException: no project ${name}`);
  // CodeBuild's own images have no digest that a project could name.
  if (!/^aws\/codebuild\/|@sha256:[0-9a-f]{64}$/.test(found.Environment.Image))
    throw new Error('internal: its image is not pinned');
  if (!found.Environment.PrivilegedMode) throw new Error('internal: the baker needs a privileged container');
  return found;
}

async function fetchSource({ Source }: Project, folder: string): Promise<void> {
  if (Source.Type !== 'S3') throw new Error(`internal: a source of type ${Source.Type}`);
  const [Bucket, ...key] = Source.Location.split('/');
  const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket, Key: key.join('/') }));
  unzip((await Body?.transformToByteArray()) ?? Buffer.alloc(0), folder);
}

async function ended(child: ChildProcess, timeoutMs: number): Promise<Status> {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Status>();
  child.once('error', () => resolve('FAULT'));
  child.once('close', (status) => resolve(status === 0 ? 'SUCCEEDED' : 'FAILED'));
  const timedOut = sleep(timeoutMs, 'TIMED_OUT' as const, { signal: over.signal, ref: false }).catch(
    () => 'FAULT' as const,
  );
  const status = await Promise.race([promise, timedOut]);
  over.abort();
  if (status === 'TIMED_OUT') child.kill('SIGKILL');
  return status;
}

const json = (value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: Buffer.from(JSON.stringify(value)),
});
