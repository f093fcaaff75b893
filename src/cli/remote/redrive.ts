import type { Build, BuildState } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, Invocation } from '../command.ts';
import { type RemoteCommand, requireBuild } from './remote-command.ts';

/** `kiln remote redrive BUILD`: goes on with an execution that was stopped, or starts one that failed anew. */
export const redrive: RemoteCommand = {
  summary: 'BUILD: go on with one that was stopped, or start one that failed anew',
  declare(command) {
    command.argument('<build>', 'its id');
  },

  async run(invocation, deployment): Promise<Answer> {
    const found = await requireBuild(invocation, invocation.args[0]);
    if (DONE.has(found.state)) {
      throw new KilnError('REFUSED', `build ${found.id} is done: ${found.state}`, {
        hint: `ask for another one: kiln remote build ${found.image}`,
      });
    }
    const how = await deployment.redrive(found, () => takeLease(invocation, found));
    const said = how === 'redriven' ? 'goes on where it was' : 'is started anew, as another build';
    const lines = [`build ${found.id} ${said}; kiln remote builds ${found.image} shows it`];
    return { data: { build: found.id, how }, lines };
  },
};

const DONE: ReadonlySet<BuildState> = new Set(['succeeded', 'unchanged', 'joined']);

/** For the execution that goes on. While another one has the image's lease two would build it at once, and the older might be published last. */
async function takeLease({ kiln }: Invocation, { image, execution = '' }: Build): Promise<void> {
  const { catalog, executions } = (await kiln()).ports;
  const answer = await catalog.acquireLease(image, execution);
  if (answer.kind === 'acquired') return;
  const isFree = !(await executions.isRunning(answer.by));
  if (isFree && (await catalog.takeOverLease(image, answer.by, execution))) return;
  throw new KilnError('REFUSED', `another execution builds ${image} now: ${answer.by.split(':').at(-1)}`, {
    hint: 'wait for its end: kiln remote status',
  });
}
