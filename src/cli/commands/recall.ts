import { parseReference } from '../../app/gate/image-reference.ts';
import { recallImage, recallPlan } from '../../app/sharing/recall.ts';
import type { RecallPlan } from '../../distributor/recall.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln recall IMAGE --reason TEXT`: takes a version back from everybody, in one step. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME for what latest means, NAME@VERSION or NAME@ALIAS')
      .requiredOption('--reason <text>', 'told to everybody whom it concerns, and kept in the record')
      .option('--dry-run', 'say what would be done')
      .option('--no-rebuild', 'start no build that makes up for it');
  },

  async run({ args: [image], options, kiln: open, progress }): Promise<Answer> {
    const { ports } = await open();
    const [reference, reason] = [parseReference(image!), String(options.reason)];
    const rebuild = options.rebuild !== false;
    if (options.dryRun === true) {
      const plan = await recallPlan(ports, reference, reason);
      return { data: { dryRun: true, ...plan }, lines: linesOf(plan, 'would be', rebuild && !plan.again) };
    }
    progress.step('Recall');
    const plan = await recallImage(ports, reference, { reason, rebuild });
    return { data: plan, lines: linesOf(plan, 'is', plan.rebuilt) };
  },
};

function linesOf(plan: RecallPlan, is: 'is' | 'would be', rebuild: boolean): string[] {
  const { image, version, imageId, aliases, grants, copies, copiedBy, running, again } = plan;
  const lost = is === 'is' ? 'may no longer launch it' : 'could no longer launch it';
  const place = (region: string) => (region === 'local' ? '' : ` in ${region}`);
  return [
    `${image}@${version} (${imageId}) ${is} recalled${again ? ', as it was before: this is what was left to do' : ''}`,
    ...aliases.map(
      ({ alias, to }) => `  ${alias} ${is} ${to === undefined ? 'gone: there is no good version' : `${image}@${to}`}`,
    ),
    ...grants.map((it) => `  ${it.account} ${lost}${place(it.region)}`),
    ...copies.map((it) => `  the copy ${it} ${is} disabled, too`),
    ...copiedBy.map((it) => `  not reached: ${it} could read its snapshot, and may have copies of its own`),
    ...running.flatMap(({ account, instances }) => [
      `  not reached: ${instances.length === 1 ? 'an instance' : `${instances.length} instances`} of ${account}:`,
      ...instances.map((it) => `    ${it.id}, running since ${it.launchedAt}; kiln stop ${it.id} ends it`),
    ]),
    ...(rebuild ? [`  a rebuild ${is} started`] : []),
  ];
}
