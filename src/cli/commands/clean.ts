import { cleanUp } from '../../app/retention/clean-up.ts';
import { ageImages } from '../../app/retention/lifecycle.ts';
import type { Answer, CommandModule } from '../command.ts';
import { formatBytes } from '../style.ts';

/** `kiln clean`: makes room. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.option('--dry-run', 'say what would be removed');
  },

  async run({ options, kiln: open }): Promise<Answer> {
    const dryRun = options.dryRun === true;
    const { ports } = await open();
    // Versions whose quarantine is over go first: their artifacts are referred to no more.
    const aged = await ageImages(ports, { dryRun });
    const result = await cleanUp(ports, { dryRun });
    const { artifacts, bytes, workFolders } = result;
    const verb = dryRun ? 'would be removed' : 'removed';
    const gone = aged.actions.filter((it) => it.kind === 'delete').map((it) => `${it.image}@${it.version}`);
    const lines = [
      ...(gone.length > 0 ? [`${gone.join(', ')} ${dryRun ? 'would be deleted' : 'deleted'}`] : []),
      `${artifacts} artifacts (${formatBytes(bytes)}) and ${workFolders.length} work folders of dead builds ${verb}`,
    ];
    return { data: { dryRun, versions: aged.actions, ...result }, lines };
  },
};
