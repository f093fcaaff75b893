import { listeningIn } from '../../formats/system/console-listening.ts';
import type { Build } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import { describeGap, type Gap, gapsOf } from '../application/gaps.ts';
import { portsHeard } from '../application/ports.ts';
import { suspectsOf } from '../application/suspects.ts';
import { testsOf } from '../application/tests-of-spec.ts';
import { askInstance } from './ask-instance.ts';
import { type Baked, lockOf } from './bake-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { begunStep, recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

export interface TestAnswer extends StepAnswer {
  readonly results: readonly TestResult[];
  /** `kvm`, `tcg`, or an instance type. */
  readonly machine: string;
  /** Milliseconds from launch until every test had passed once. */
  readonly firstSuccessMs?: number;
  readonly consoleDigest: string;
  readonly stoppedCleanly: boolean;
  /** What programs said on the console that they miss and the image has not; also of an instance that passed. */
  readonly unproven: readonly Gap[];
  /** Where it listens, as far as the spec says otherwise; one sentence each. */
  readonly ports: readonly string[];
}

/** A service gets as long to end as systemd gives it by default; one that ends at once takes none of it. */
const STOP_MS = 90_000;

/** Where there is a package source it tells who has what an instance misses. */
type TestPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'testBed' | 'progress' | 'signal'> &
  Partial<Pick<Ports, 'source'>>;

/** Idempotency key of the instance on which a build's image is tested. */
export const testKey = (buildId: string): string => `${buildId}-test`;

/**
 * Boots the registered image, asks it what the spec's tests ask, keeps its console, and stops it whatever happens. Asked for longer than
 * `askMs`, it throws TEST_PENDING and leaves the instance to the next call, which goes on with it.
 */
export async function testImage(ports: TestPorts, request: StepRequest, askMs?: number): Promise<TestAnswer> {
  const build = await requireBuild(ports.catalog, request.buildId);
  const work = () => testBuild(ports, request, build, askMs);
  return recorded(ports, request.buildId, 'test', work, begunStep(build, 'test'));
}

async function testBuild(ports: TestPorts, request: StepRequest, build: Build, askMs?: number): Promise<TestAnswer> {
  const { catalog, store, testBed } = ports;
  const loaded = await ports.specs.load(request.image);
  const { spec } = loaded;
  const { diskDigest, treeDigest } = resultIn<Baked>(build, 'bake');
  const { imageId, version } = resultIn<RegisterAnswer>(build, 'register');
  const launch = {
    diskDigest,
    imageId,
    ports: spec.application.ports,
    key: testKey(request.buildId),
    account: 'test',
  };
  const { instance, results, obstacle } = await askInstance(ports, { build, loaded, launch }, askMs);
  const stopped = await testBed.stop(instance, STOP_MS);
  const console = await testBed.console(instance);
  const consoleDigest = await store.put({ bytes: Buffer.from(console) });
  // Not every composition has a source; asking a port that is not there is a fault.
  const source = 'source' in ports ? ports.source : undefined;
  const question = { spec, lock: await lockOf(ports, build), treeDigest, console };
  const unproven = await gapsOf({ store, progress: ports.progress, source }, question);
  const heard = portsHeard(spec, console);
  for (const text of [...unproven.map(describeGap), ...heard]) ports.progress.note(text);
  const answer = { ...summarize(instance, results, consoleDigest, stopped.clean, console), unproven, ports: heard };
  if (answer.outcome === 'refused') {
    const suspects = await suspectsOf({ source }, { spec, lock: question.lock, baked: resultIn<Baked>(build, 'bake') });
    answer.detail = [answer.detail, ...suspects.map((it) => `  ${it}`)].join('\n');
  }
  const { firstSuccessMs, machine } = answer;
  await catalog.updateVersion(request.image, version, {
    facts: {
      tests: answer.results,
      testsDigest: digestOf(testsOf(spec)),
      listening: listeningIn(console),
      firstSuccessMs,
      machine,
      unproven,
    },
  });
  return obstacle === undefined ? answer : { ...answer, outcome: 'refused', detail: obstacle };
}

function summarize(
  instance: Instance,
  results: readonly TestResult[],
  consoleDigest: string,
  stoppedCleanly: boolean,
  console: string,
): Omit<TestAnswer, 'unproven' | 'ports'> {
  const failed = results.find((it) => !it.passed);
  const times = results.flatMap((it) => it.firstSuccessMs ?? []);
  return {
    outcome: failed ? 'refused' : 'succeeded',
    detail: failed
      ? [`${failed.name} failed: ${failed.detail ?? 'no answer in time'}`, ...lastWords(console)].join('\n')
      : `${results.length} tests passed`,
    results,
    machine: instance.machine,
    firstSuccessMs: failed || times.length === 0 ? undefined : Math.max(...times),
    consoleDigest,
    stoppedCleanly,
  };
}

/** Lines of a failed instance's console that its refusal shows. */
const SHOWN_LINES = 8;

/** Kernel messages, and what Kiln's own runtime says on the way down. */
const NOT_SAID = /^\[ *\d+\.\d+\] (?!\S+\[\d+\])|^acpid: |^kiln: file systems are clean/;

/** What the system said last, without what says nothing of it; lines that differ in numbers only count once. */
function lastWords(console: string): string[] {
  const started = console.lastIndexOf('kiln: root file system');
  const lines = console
    .slice(Math.max(started, 0))
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/\r/g, '').trimEnd())
    .filter((line) => line !== '' && !NOT_SAID.test(line));
  const distinct = new Map(lines.map((line) => [line.replace(/\d+/g, '0'), line]));
  return [...distinct.values()].slice(-SHOWN_LINES).map((line) => `  | ${line}`);
}
