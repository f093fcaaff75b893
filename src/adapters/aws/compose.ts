import { systemClock } from '../../ports/clock.ts';
import type { Notice } from '../../ports/notifier.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Progress } from '../../ports/progress.ts';
import {
  awsAdvisories,
  awsCatalog,
  awsExecutions,
  awsFolders,
  awsNotifier,
  awsRegistry,
  awsSource,
  awsSpecs,
  awsStore,
  awsTestBed,
} from './aws-ports.ts';
import type { StreamingStore } from './s3-artifact-store.ts';

type Reading = 'advisories' | 'catalog' | 'specs' | 'source' | 'store' | 'folders' | 'clock' | 'progress';
type Acting = Reading | 'executions' | 'registry' | 'testBed' | 'notifier';

/** What resolving, validating and judging need: sources, settings, records. */
export function readingPorts(progress: Progress): Pick<Ports, Reading> & { readonly store: StreamingStore } {
  return {
    advisories: awsAdvisories(),
    catalog: awsCatalog(),
    specs: awsSpecs(),
    source: awsSource(),
    store: awsStore(),
    folders: awsFolders(),
    clock: systemClock,
    progress,
  };
}

/** The same, and what images, executions and instances are handled by; `onLost` is told of a notice that reached nobody. */
export function actingPorts(progress: Progress, onLost: (notice: Notice, error: unknown) => void): Pick<Ports, Acting> {
  const reading = readingPorts(progress);
  return {
    ...reading,
    executions: awsExecutions(),
    registry: awsRegistry(reading.store),
    testBed: awsTestBed(reading.specs),
    notifier: awsNotifier(onLost),
  };
}
