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
} from '../adapters/aws/aws-ports.ts';
import type { RemoteDeployment } from '../adapters/aws/remote-deployment.ts';
import { unshareIsolatedRoot } from '../adapters/local/unshare-isolated-root.ts';
import { KilnError } from '../model/error.ts';
import { systemClock } from '../ports/clock.ts';
import type { Progress } from '../ports/progress.ts';
import type { LocalKiln } from './compose.ts';

/** The ports of a deployment, from here: what a command does with them it does there. Nothing is built on this machine. */
export function composeRemote(
  { variables, name }: RemoteDeployment,
  progress: Progress,
  signal: AbortSignal,
): LocalKiln {
  // The adapters read what the functions are deployed with.
  Object.assign(process.env, variables);
  const store = awsStore();
  const elsewhere = () => {
    const hint = `kiln remote add PATH puts a spec there, kiln remote build IMAGE builds it`;
    throw new KilnError('USAGE', `${name} takes specs and builds by its own commands`, { hint });
  };
  return {
    home: '',
    ports: {
      advisories: awsAdvisories(),
      catalog: awsCatalog(),
      store,
      clock: systemClock,
      source: awsSource(),
      specs: awsSpecs(),
      registry: awsRegistry(store),
      testBed: awsTestBed(),
      isolation: unshareIsolatedRoot(),
      executions: awsExecutions(),
      notifier: awsNotifier((notice, error) => progress.note(`a notice was lost: ${notice.subject}: ${error}`)),
      folders: awsFolders(),
      progress,
      signal,
    },
    addSpec: async () => elsewhere(),
    build: async () => elsewhere(),
    close() {},
  };
}
