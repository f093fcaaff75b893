import { setTimeout as sleep } from 'node:timers/promises';
import { awsCatalog, awsFolders, awsSource, awsSpecs, awsStore, setting } from '../../src/adapters/aws/aws-ports.ts';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';
import { KilnError } from '../../src/model/error.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Progress } from '../../src/ports/progress.ts';
import { only } from '../shared/compose-aws.ts';
import { makeHandler } from './handler.ts';

/** The bake as CodeBuild runs it: image and build come from the environment, progress is the build's log. */
const progress: Progress = {
  note: (text) => console.log(text),
  advance(work, done, total) {
    if (done === total) console.log(`${work}: ${done}`);
  },
};

const bake = makeHandler(
  only({
    catalog: awsCatalog(),
    specs: awsSpecs(),
    source: awsSource(),
    store: awsStore(),
    isolation: unshareIsolatedRoot(),
    folders: awsFolders(),
    clock: systemClock,
    progress,
  }),
);

const TRIES = 3;
const PAUSE_MS = 10_000;

/** CodeBuild tells the state machine that a build failed and nothing more: what may pass is tried again here. */
async function bakeAtLast(tried: number): Promise<unknown> {
  try {
    return await bake({ image: setting('KILN_IMAGE'), buildId: setting('KILN_BUILD_ID') }, {} as never);
  } catch (error) {
    if (!(error instanceof KilnError && error.retryable) || tried >= TRIES) throw error;
    console.error(`${error.code}: ${error.message}; trying again`);
    await sleep(PAUSE_MS * tried);
    return bakeAtLast(tried + 1);
  }
}

try {
  console.log(JSON.stringify(await bakeAtLast(1)));
} catch (error) {
  if (!(error instanceof KilnError)) throw error;
  console.error(`${error.code}: ${error.message}${error.hint ? `\n  hint: ${error.hint}` : ''}`);
  process.exitCode = 1;
}
