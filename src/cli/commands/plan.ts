import { planUpdate } from '../../app/impact/plan-update.ts';
import { KilnError } from '../../model/error.ts';
import type { Impact } from '../../resolver/impact/impact.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln plan`: which published images an update would change. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .option('--updated <package=version...>', 'ask what these versions would change, before any index has them')
      .option(
        '--since <index>',
        'only what changed since an index: digits of its digest, a date, a folder of Packages files',
      )
      .option('--quick', 'tell locked packages only: those that come and go with them are not worked out');
  },

  async run({ options, kiln: open }): Promise<Answer> {
    const { ports } = await open();
    const { updated = [], since, quick } = options as { updated?: string[]; since?: string; quick?: boolean };
    const updates = versionsOf(updated);
    const plan = await planUpdate(ports, { updates, since, complete: !quick });
    const same = plan.looked - plan.impacts.length;
    const lines = [
      ...plan.impacts.flatMap(linesOf),
      ...plan.troubled.map(({ image, reason }) => `${image}: not looked at: ${reason}`),
      `${plan.impacts.length} would change, ${same} would stay as they are`,
    ];
    return { data: plan, lines };
  },
};

function versionsOf(updates: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    updates.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new KilnError('USAGE', `${text} is not PACKAGE=VERSION`, { hint: 'such as libssl3=3.0.99-1' });
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

const CAUSES: Readonly<Record<Impact['cause'], string>> = {
  updated: 'packages of it have other versions',
  better: 'another set is the least now',
  unsatisfiable: 'no valid set is left',
};

function linesOf({ image, cause, changes, unread, detail, explanation = [] }: Impact): string[] {
  return [
    `${image}: ${CAUSES[cause]}${detail === undefined ? '' : `: ${detail}`}`,
    ...explanation.map((it) => `  ${it}`),
    ...changes.map(({ name, before, after }) => `  ${name}: ${before ?? 'not in'} → ${after ?? 'not in'}`),
    ...(unread.length > 0 ? [`  evidence is read again from ${unread.join(', ')}`] : []),
  ];
}
