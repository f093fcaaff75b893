import type { Command } from 'commander';
import type { RemoteDeployment } from '../../adapters/aws/remote-deployment.ts';
import type { Build } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, Invocation } from '../command.ts';

/** A command that only a deployment has. */
export interface RemoteCommand {
  readonly summary: string;
  declare(command: Command): void;
  run(invocation: Invocation, deployment: RemoteDeployment): Promise<Answer>;
}

/** A build of the deployment by its id. Throws NOT_FOUND. */
export async function requireBuild({ kiln }: Invocation, id: string | undefined): Promise<Build> {
  const found = await (await kiln()).ports.catalog.getBuild(id ?? '');
  if (found) return found;
  throw new KilnError('NOT_FOUND', `no build ${id}`, { hint: 'kiln remote builds lists them' });
}
