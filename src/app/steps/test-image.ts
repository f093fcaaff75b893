import { listeningIn } from '../../formats/system/console-listening.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { ImageSpec, ImageTest } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import { describeGap, type Gap, gapsOf } from '../application/gaps.ts';
import { portsHeard } from '../application/ports.ts';
import { suspectsOf } from '../application/suspects.ts';
import { probeForPolicies } from '../gate/judge-tests.ts';
import { type Baked, lockOf } from './bake-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

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

/** What an image is asked that states no test: Kiln's runtime says it when the application has stayed up for a while. */
const RUNS: ImageTest = {
  name: 'the application runs',
  timeout: '180s',
  console: { line: 'kiln: \\S+ runs' },
};

/** A service gets as long to end as systemd gives it by default; one that ends at once takes none of it. */
const STOP_MS = 90_000;

/** The spec's tests; where it states none, that the application runs. */
export function testsOf({ tests }: ImageSpec): readonly ImageTest[] {
  return tests.length > 0 ? tests : [RUNS];
}

/** Where there is a package source it tells who has what an instance misses. */
type TestPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'testBed' | 'progress' | 'signal'> &
  Partial<Pick<Ports, 'source'>>;

/** Idempotency key of the instance on which a build's image is tested. */
export const testKey = (buildId: string): string => `${buildId}-test`;

/**
 * Boots the registered image, asks it what the spec's tests ask, keeps its console, and stops it whatever happens. Asked for longer than
 * `askMs`, it throws TEST_PENDING and leaves the instance to the next call, which goes on with it.
 */
export async function testImage(all: TestPorts, request: StepRequest, askMs?: number): Promise<TestAnswer> {
  const over = askMs === undefined ? undefined : AbortSignal.timeout(askMs);
  const ports = { ...all, signal: anyOf(all.signal, over) };
  const { catalog, store, testBed } = ports;
  return recorded(ports, request.buildId, 'test', async () => {
    const loaded = await ports.specs.load(request.image);
    const { spec } = loaded;
    const build = await requireBuild(catalog, request.buildId);
    const { diskDigest, treeDigest } = resultIn<Baked>(build, 'bake');
    const { imageId, version } = resultIn<RegisterAnswer>(build, 'register');
    const launch = {
      diskDigest,
      imageId,
      ports: spec.application.ports,
      key: testKey(request.buildId),
      account: 'test',
    };
    const instance = await testBed.launch(launch, ports.signal);
    let results: TestResult[] = [];
    let obstacle: string | undefined;
    try {
      results = await probeAll(ports, instance, spec);
      if (results.every((it) => it.passed)) obstacle = await probeForPolicies(ports, instance, diskDigest, loaded);
    } catch (error) {
      if (over?.aborted && !all.signal?.aborted) throw stillAsked(request);
      await testBed.stop(instance);
      throw error;
    }
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
      const suspects = await suspectsOf(
        { source },
        { spec, lock: question.lock, baked: resultIn<Baked>(build, 'bake') },
      );
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
  });
}

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((it) => it !== undefined);
  return given.length === 0 ? undefined : AbortSignal.any(given);
}

const stillAsked = ({ buildId }: StepRequest) =>
  new KilnError('TEST_PENDING', `the instance of build ${buildId} is still being asked`, { hint: 'ask again' });

async function probeAll(
  { testBed, progress, signal }: TestPorts,
  instance: Instance,
  spec: ImageSpec,
): Promise<TestResult[]> {
  progress.note(`booting on ${instance.machine}`);
  const results: TestResult[] = [];
  for (const test of testsOf(spec)) {
    const result = await testBed.probe(instance, test, signal);
    progress.note(
      `${result.passed ? 'passed' : 'FAILED'}: ${result.name}${result.detail ? ` (${result.detail})` : ''}`,
    );
    results.push(result);
    if (!result.passed) break;
  }
  return results;
}

function summarize(
  instance: Instance,
  results: TestResult[],
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
