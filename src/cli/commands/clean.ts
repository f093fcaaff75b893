import { cleanUp } from '../../app/clean-up.ts';
import type { Answer, CommandModule } from '../command.ts';
import { formatBytes } from '../style.ts';

/** `kiln clean`: makes room. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.option('--dry-run', 'say what would be removed');
  },

  async run({ options, kiln: open }): Promise<Answer> {
    const dryRun = options.dryRun === true;
    const result = await cleanUp((await open()).ports, { dryRun });
    const { artifacts, bytes, workFolders } = result;
    const verb = dryRun ? 'would be removed' : 'removed';
    const lines = [
      `${artifacts} artifacts (${formatBytes(bytes)}) and ${workFolders.length} work folders of dead builds ${verb}`,
    ];
    return { data: { dryRun, ...result }, lines };
  },
};
