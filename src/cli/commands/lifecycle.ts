import { ageImages, type LifecycleResult } from '../../app/retention/lifecycle.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln lifecycle`: deprecates, withdraws and deletes versions whose time is over. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('[image]', 'only this one').option('--dry-run', 'say what would be done with each version');
  },

  async run({ args: [image], options, kiln: open }): Promise<Answer> {
    const dryRun = options.dryRun === true;
    const result = await ageImages((await open()).ports, { dryRun, image });
    const { actions, troubled } = result;
    const lines = dryRun ? [...actions.map(lineOf), ...troubledLines(result)] : agedLines(result);
    const none = dryRun ? 'no versions' : 'no version has to go';
    const status = troubled.length > 0 ? 1 : 0;
    return { data: { dryRun, actions, troubled }, lines: lines.length > 0 ? lines : [none], status };
  },
};

/** What was done with versions, one line each; nothing for those that are kept. */
export function agedLines(result: LifecycleResult | undefined): string[] {
  if (!result) return [];
  return [...result.actions.filter((it) => it.kind !== 'keep').map(lineOf), ...troubledLines(result)];
}

const lineOf = (it: LifecycleResult['actions'][number]): string =>
  `${it.image}@${it.version}: ${VERBS[it.kind]}, for ${it.why}`;

const troubledLines = ({ troubled }: LifecycleResult): string[] =>
  troubled.map((it) => `cannot look at ${it.image}: ${it.reason.split('\n')[0]}`);

const VERBS = { keep: 'kept', deprecate: 'deprecated', withdraw: 'withdrawn', delete: 'deleted' };
