import { actingPorts } from '../adapters/aws/compose.ts';
import type { RemoteDeployment } from '../adapters/aws/remote-deployment.ts';
import { unshareIsolatedRoot } from '../adapters/local/unshare-isolated-root.ts';
import { KilnError } from '../model/error.ts';
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
  const elsewhere = () => {
    const hint = `kiln remote add PATH puts a spec there, kiln remote build IMAGE builds it`;
    throw new KilnError('USAGE', `${name} takes specs and builds by its own commands`, { hint });
  };
  return {
    home: '',
    ports: {
      ...actingPorts(progress, (notice, error) => progress.note(`a notice was lost: ${notice.subject}: ${error}`)),
      isolation: unshareIsolatedRoot(),
      signal,
    },
    addSpec: async () => elsewhere(),
    build: async () => elsewhere(),
    close() {},
  };
}
