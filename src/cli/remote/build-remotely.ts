import { KilnError } from '../../model/error.ts';
import type { Answer, Invocation } from '../command.ts';
import { runRemote } from '../commands/remote.ts';

/** `kiln build --remote`: a path is put into the deployment's bucket, which builds it; of an image that is known there a build is asked for. */
export async function buildRemotely(invocation: Invocation): Promise<Answer> {
  const { args, options } = invocation;
  const spec = args[0] ?? '';
  const force = options.force === true;
  if (options.locked === true) {
    const hint = 'a deployment resolves by itself, and keeps its own lock';
    throw new KilnError('USAGE', '--locked is for builds on this machine', { hint });
  }
  const isPath = spec.includes('/') || /\.ya?ml$/.test(spec) || spec === '.';
  if (!isPath) return runRemote('build', [spec, ...(force ? ['--force'] : [])], invocation);
  if (!force) return runRemote('add', [spec], invocation);
  const hint = 'name the image, once its spec is there: kiln build --remote nginx --force';
  throw new KilnError('USAGE', 'a spec that is put there is built where it changes something', { hint });
}
