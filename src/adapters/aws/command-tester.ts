import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetBuildsCommand, type CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { type ErrorCode, KilnError } from '../../model/error.ts';
import type { ImageSpec, ImageTest } from '../../model/spec.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import { errorName } from './aws-fault.ts';

/** Runs what tests run beside an instance, where nothing but the instance is reached. */
export interface CommandTester {
  readonly codebuild: CodeBuildClient;
  readonly s3: S3Client;
  readonly bucket: string;
  /** Project that makes the roots of testers: it reaches package archives. */
  readonly makeProject: string;
  /** Project in the network of test instances, which runs commands in such roots. */
  readonly runProject: string;
  /** How long an answer is waited for before TEST_PENDING is thrown; default: until it is there. */
  readonly waitMs?: number;
}

export type CommandTest = Extract<ImageTest, { command: unknown }>;

/** Root of a tester: Essential packages and those that a test names, of an image's own sources. */
export interface TesterRequest {
  readonly os: ImageSpec['os'];
  readonly packages: readonly string[];
}

/** What a run is told: the digest of its root below `TESTER_ROOTS`, whom to ask what, and where its answer goes. */
export interface TesterRun {
  readonly root: string;
  readonly instance: Instance;
  readonly test: CommandTest;
  readonly answer: string;
}

/** What a build of either project leaves at the key that it was given. */
export type TesterAnswer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'fault';
      readonly buildId: string;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint?: string;
    };

/** All of it expires by the bucket's rule for `testers/`. */
export const TESTER_ROOTS = 'testers/roots/';
/** Younger than the bucket keeps the root itself. */
const ROOT_COUNTS_MS = 25 * 24 * 3_600_000;
const PAUSE_MS = 2_000;

/** Where the answer about a tester's root is. */
export function testerRootKey({ os, packages }: TesterRequest): string {
  return `testers/made/${digestOf({ os, packages: [...packages].sort() })}.json`;
}

/**
 * Runs a test's command in a root that has its packages, until it passes or the test's time is over. One instance is asked one thing once:
 * called again, it goes on with the run that was begun. Throws TEST_PENDING after `waitMs`, HOST_NOT_READY where the packages or the program cannot be had,
 * DEPENDENCY_UNAVAILABLE where the run ended without an answer.
 */
export async function runCommandTest(
  tester: CommandTester,
  { instance, test, os }: { instance: Instance; test: CommandTest; os: ImageSpec['os'] },
  signal?: AbortSignal,
): Promise<TestResult> {
  const root = await rootOf(tester, { os, packages: test.command.packages }, signal);
  const answer = `testers/runs/${digestOf({ instance: instance.id, test })}.json`;
  const run: TesterRun = { root, instance, test, answer };
  return follow<TestResult>(tester, { project: tester.runProject, answer, told: { KILN_TESTER_RUN: run } }, signal);
}

async function rootOf(tester: CommandTester, request: TesterRequest, signal?: AbortSignal): Promise<string> {
  const answer = testerRootKey(request);
  const told = { KILN_TESTER: { ...request, answer } };
  return follow<string>(tester, { project: tester.makeProject, answer, told, maxAgeMs: ROOT_COUNTS_MS }, signal);
}

interface Work {
  readonly project: string;
  /** Key of the answer. */
  readonly answer: string;
  /** Variables of the build's environment, as JSON. */
  readonly told: Readonly<Record<string, unknown>>;
  readonly maxAgeMs?: number;
}

/** The work's answer: that which is there, or that of a build which was begun, or of one that is begun now. */
async function follow<T>(tester: CommandTester, work: Work, signal?: AbortSignal): Promise<T> {
  const known = await readAnswer<T>(tester, work);
  if (known?.kind === 'done') return known.value;
  const build = await begunBuild(tester, work);
  const end = Date.now() + (tester.waitMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    const status = await statusOf(tester, build);
    const answer = await readAnswer<T>(tester, work);
    if (answer?.kind === 'done') return answer.value;
    if (answer?.buildId === build) throw new KilnError(answer.code, answer.message, { hint: answer.hint });
    if (status !== 'IN_PROGRESS') {
      const hint = `its log is that of the build ${build}`;
      throw new KilnError('DEPENDENCY_UNAVAILABLE', `what tests by a command ended ${status}`, { hint });
    }
    if (Date.now() >= end) throw new KilnError('TEST_PENDING', `build ${build} is ${status}`, { hint: 'ask again' });
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

interface Begun {
  readonly build: string;
  readonly attempt: number;
}

/** The build that works on it. CodeBuild forgets a token after five minutes: which build it was is noted beside the answer. */
async function begunBuild(tester: CommandTester, { project, answer, told }: Work): Promise<string> {
  const note = answer.replace(/\.json$/, '.begun.json');
  const known = (await readJson<Begun>(tester, note))?.value;
  if (known && (await statusOf(tester, known.build)) === 'IN_PROGRESS') return known.build;
  const attempt = (known?.attempt ?? 0) + 1;
  const variables = Object.entries(told).map(([name, value]) => ({ name, value: JSON.stringify(value) }));
  const started = await tester.codebuild.send(
    new StartBuildCommand({
      projectName: project,
      idempotencyToken: sha256(`${answer} ${attempt}`),
      environmentVariablesOverride: variables,
    }),
  );
  const begun: Begun = { build: started.build?.id ?? '', attempt };
  await tester.s3.send(new PutObjectCommand({ Bucket: tester.bucket, Key: note, Body: JSON.stringify(begun) }));
  return begun.build;
}

async function statusOf({ codebuild }: CommandTester, id: string): Promise<string> {
  const { builds } = await codebuild.send(new BatchGetBuildsCommand({ ids: [id] }));
  return builds?.[0]?.buildStatus ?? 'UNKNOWN';
}

async function readAnswer<T>(tester: CommandTester, { answer, maxAgeMs }: Work): Promise<TesterAnswer<T> | undefined> {
  const found = await readJson<TesterAnswer<T>>(tester, answer);
  if (!found || (maxAgeMs !== undefined && Date.now() - found.at > maxAgeMs)) return undefined;
  return found.value;
}

async function readJson<T>({ s3, bucket }: CommandTester, Key: string): Promise<{ value: T; at: number } | undefined> {
  try {
    const { Body, LastModified } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return { value: JSON.parse((await Body?.transformToString()) ?? ''), at: Number(LastModified ?? 0) };
  } catch (error) {
    if (errorName(error) !== 'NoSuchKey') throw error;
    return undefined;
  }
}
