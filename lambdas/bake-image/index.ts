import { setTimeout as sleep } from 'node:timers/promises';
import {
  awsCatalog,
  awsFolders,
  awsSource,
  awsSpecs,
  awsStore,
  awsTesterRoots,
  hasAnswer,
  leaveAnswer,
  setting,
} from '../../src/adapters/aws/aws-ports.ts';
import { type TesterRequest, testerRootKey } from '../../src/adapters/aws/command-tester.ts';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';
import { KilnError } from '../../src/model/error.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Progress } from '../../src/ports/progress.ts';
import { only } from '../shared/compose-aws.ts';
import { makeHandler } from './handler.ts';
import { makeTesterRoot } from './tester-root.ts';

/** The bake as CodeBuild runs it: image and build come from the environment, progress is the build's log. */
const progress: Progress = {
  note: (text) => console.log(text),
  advance(work, done, total) {
    if (done === total) console.log(`${work}: ${done}`);
  },
};

const [source, specs, isolation, folders] = [awsSource(), awsSpecs(), unshareIsolatedRoot(), awsFolders()];

const bake = makeHandler(
  only({
    catalog: awsCatalog(),
    specs,
    source,
    store: awsStore(),
    isolation,
    folders,
    clock: systemClock,
    progress,
  }),
);

const TRIES = 3;
const PAUSE_MS = 10_000;

/** CodeBuild tells the state machine that a build failed and nothing more: what may pass is tried again here. */
async function atLast<T>(work: () => Promise<T>, tried = 1): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KilnError && error.retryable) || tried >= TRIES) throw error;
    console.error(`${error.code}: ${error.message}; trying again`);
    await sleep(PAUSE_MS * tried);
    return atLast(work, tried + 1);
  }
}

const makeTester = (request: TesterRequest) =>
  makeTesterRoot({ source, isolation, folders, progress, store: awsTesterRoots() }, request);

/** What the test bed asked for: the answer is left where it looks. */
async function answerTestBed({ answer, ...request }: TesterRequest & { answer: string }): Promise<void> {
  try {
    const value = await atLast(() => makeTester(request));
    await leaveAnswer(answer, { kind: 'done', value });
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    const { code, message, hint } = error;
    await leaveAnswer(answer, { kind: 'fault', buildId: setting('CODEBUILD_BUILD_ID'), code, message, hint });
    throw error;
  }
}

/** Testers of the spec's own commands, made while packages and bases are at hand; where that fails the test bed asks, and tells why. */
async function makeTestersAhead(image: string): Promise<void> {
  const { spec } = await specs.load(image);
  for (const test of spec.tests) {
    if (!('command' in test)) continue;
    const request = { os: spec.os, packages: test.command.packages };
    const answer = testerRootKey(request);
    if (await hasAnswer(answer)) continue;
    progress.note(`making a tester with ${request.packages.join(', ') || 'no further packages'}`);
    await leaveAnswer(answer, { kind: 'done', value: await makeTester(request) });
  }
}

async function bakeOne(): Promise<void> {
  const image = setting('KILN_IMAGE');
  const event = { image, buildId: setting('KILN_BUILD_ID') };
  // By this line `kiln remote logs` knows whose log this is.
  console.log(`baking ${image} for build ${event.buildId}`);
  console.log(JSON.stringify(await atLast(() => bake(event, {} as never))));
  await makeTestersAhead(image).catch((error: Error) => console.error(`no tester was made: ${error.message}`));
}

const { KILN_TESTER } = process.env;
try {
  await (KILN_TESTER ? answerTestBed(JSON.parse(KILN_TESTER)) : bakeOne());
} catch (error) {
  if (!(error instanceof KilnError)) throw error;
  console.error(`${error.code}: ${error.message}${error.hint ? `\n  hint: ${error.hint}` : ''}`);
  process.exitCode = 1;
}
