import type { ImageSpec, ImageTest } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import type { Instance, TestResult } from '../ports/test-bed.ts';
import type { Baked } from './bake-image.ts';
import type { RegisterAnswer } from './register-image.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface TestAnswer extends StepAnswer {
  readonly results: readonly TestResult[];
  /** `kvm`, `tcg`, or an instance type. */
  readonly machine: string;
  /** Milliseconds from launch until every test had passed once. */
  readonly firstSuccessMs?: number;
  readonly consoleDigest: string;
  readonly stoppedCleanly: boolean;
}

/** What an image is asked that states no test: Kiln's runtime says it when the application has stayed up for a while. */
const RUNS: ImageTest = {
  name: 'the application runs',
  timeout: '180s',
  console: { line: 'kiln: \\S+ runs' },
};

/** The spec's tests; where it states none, that the application runs. */
export function testsOf({ tests }: ImageSpec): readonly ImageTest[] {
  return tests.length > 0 ? tests : [RUNS];
}

type TestPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'testBed' | 'progress' | 'signal'>;

/** Boots the registered image, asks it what the spec's tests ask, keeps its console, and stops it whatever happens. */
export async function testImage(ports: TestPorts, request: StepRequest): Promise<TestAnswer> {
  const { catalog, store, testBed } = ports;
  return recorded(ports, request.buildId, 'test', async () => {
    const { spec } = await ports.specs.load(request.image);
    const { diskDigest } = await resultOf<Baked>(catalog, request.buildId, 'bake');
    const { imageId, version } = await resultOf<RegisterAnswer>(catalog, request.buildId, 'register');
    const launch = {
      diskDigest,
      imageId,
      ports: spec.application.ports,
      key: `${request.buildId}-test`,
      account: 'test',
    };
    const instance = await testBed.launch(launch, ports.signal);
    let stopped = { clean: false };
    let results: TestResult[] = [];
    try {
      results = await probeAll(ports, instance, spec);
    } finally {
      stopped = await testBed.stop(instance);
    }
    const consoleDigest = await store.put({ bytes: Buffer.from(await testBed.console(instance)) });
    const answer = summarize(instance, results, consoleDigest, stopped.clean);
    await catalog.updateVersion(request.image, version, {
      facts: { tests: answer.results, firstSuccessMs: answer.firstSuccessMs, machine: answer.machine },
    });
    return answer;
  });
}

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
): TestAnswer {
  const failed = results.find((it) => !it.passed);
  const times = results.flatMap((it) => it.firstSuccessMs ?? []);
  return {
    outcome: failed ? 'refused' : 'succeeded',
    detail: failed
      ? `${failed.name} failed: ${failed.detail ?? 'no answer in time'}`
      : `${results.length} tests passed`,
    results,
    machine: instance.machine,
    firstSuccessMs: failed || times.length === 0 ? undefined : Math.max(...times),
    consoleDigest,
    stoppedCleanly,
  };
}
