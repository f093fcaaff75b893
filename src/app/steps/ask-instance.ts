import type { Build } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { Instance, LaunchRequest, TestResult } from '../../ports/test-bed.ts';
import { testsOf } from '../application/tests-of-spec.ts';
import { askTest } from '../gate/ask-test.ts';
import { probeForPolicies } from '../gate/judge-tests.ts';
import { begunStep } from './step.ts';

/** What an instance answered: the tests that were asked, and why no copy may go anywhere where a policy's test says so. */
export interface Answers {
  readonly instance: Instance;
  readonly results: readonly TestResult[];
  readonly obstacle?: string;
}

type AskPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'testBed' | 'progress' | 'signal'>;

interface Question {
  readonly build: Build;
  readonly loaded: LoadedSpec;
  readonly launch: LaunchRequest;
}

/** How far an instance was asked, kept in the step's record between calls. */
interface Asked {
  readonly instance: string;
  readonly results: readonly TestResult[];
  /** Milliseconds since the epoch: when what is asked now was asked first. */
  readonly since: number;
}

/**
 * Launches a build's instance and asks it what the spec and the policies ask; whoever calls stops it. Asked for longer than `askMs`, or
 * where an answer needs time in which nobody has to wait, it throws TEST_PENDING: the instance runs on, and the next call goes on with it.
 * Any other fault has ended the instance. Throws BUSY where somebody else ended it.
 */
export async function askInstance(all: AskPorts, question: Question, askMs?: number): Promise<Answers> {
  const over = askMs === undefined ? undefined : AbortSignal.timeout(askMs);
  const ports = { ...all, signal: anyOf(all.signal, over) };
  const begun = begunStep(question.build, 'test')?.startedAt ?? timestamp(all.clock);
  const asking: Asking = { begun, results: [], since: all.clock.now() };
  const isPending = (error: unknown) =>
    (over?.aborted && !all.signal?.aborted) || (error instanceof KilnError && error.code === 'TEST_PENDING');
  try {
    asking.instance = await all.testBed.launch(question.launch, ports.signal);
    Object.assign(asking, askedBefore(question.build, asking.instance));
    await askTests(ports, question, asking);
    const { instance, results } = asking;
    if (!results.every((it) => it.passed)) return { instance, results };
    return { instance, results, obstacle: await askForPolicies(ports, question, asking) };
  } catch (error) {
    if (isPending(error)) throw await stillAsked(ports, question.build, asking);
    if (asking.instance) await all.testBed.stop(asking.instance);
    throw error;
  }
}

interface Asking {
  /** When the first call began. */
  readonly begun: string;
  instance?: Instance;
  results: readonly TestResult[];
  since: number;
}

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((it) => it !== undefined);
  return given.length === 0 ? undefined : AbortSignal.any(given);
}

/** What another instance answered does not count. */
function askedBefore(build: Build, { id }: Instance): Pick<Asked, 'results' | 'since'> | undefined {
  const asked = begunStep(build, 'test')?.result as Asked | undefined;
  return asked?.instance === id ? { results: asked.results, since: asked.since } : undefined;
}

async function askTests(ports: AskPorts, { loaded }: Question, asking: Asking): Promise<void> {
  const instance = asking.instance as Instance;
  if (asking.results.length === 0) ports.progress.note(`booting on ${instance.machine}`);
  for (const test of testsOf(loaded.spec).slice(asking.results.length)) {
    const result = await askTest(ports.testBed, instance, test, ports.signal, asking.since);
    const told = result.detail ? ` (${result.detail})` : '';
    ports.progress.note(`${result.passed ? 'passed' : 'FAILED'}: ${result.name}${told}`);
    asking.results = [...asking.results, result];
    asking.since = ports.clock.now();
    if (!result.passed) break;
  }
}

/** What policies' tests answer they keep themselves. */
function askForPolicies(ports: AskPorts, { launch, loaded }: Question, { instance, since }: Asking) {
  const { probe } = ports.testBed;
  const testBed: AskPorts['testBed'] = {
    ...ports.testBed,
    probe: (at, test, signal) => probe(at, test, signal, since),
  };
  return probeForPolicies({ ...ports, testBed }, instance as Instance, launch.diskDigest, loaded);
}

async function stillAsked({ catalog }: AskPorts, build: Build, asking: Asking): Promise<KilnError> {
  const { begun: startedAt, instance, results, since } = asking;
  const asked: Asked | undefined = instance && { instance: instance.id, results, since };
  await catalog.putStep(build.id, { step: 'test', startedAt, outcome: 'running', result: asked });
  return new KilnError('TEST_PENDING', `the instance of build ${build.id} is still being asked`, { hint: 'ask again' });
}
