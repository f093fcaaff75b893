import { randomUUID } from 'node:crypto';
import { parseReference } from '../../app/gate/image-reference.ts';
import { awaitReady, launchImage } from '../../app/launch/launch-image.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import { type Answer, type CommandModule, refused } from '../command.ts';
import { formatDuration } from '../style.ts';

/** `kiln launch IMAGE --account ID`: boots it if the account has the grant, and waits until its tests pass. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS')
      .requiredOption('--account <id>', 'twelve digits')
      .option('--no-wait', 'do not wait until it answers');
  },

  async run({ args: [image], options, kiln: open, progress, signal }): Promise<Answer> {
    const { ports } = await open();
    const outcome = await launchImage(ports, parseReference(image!), String(options.account), randomUUID());
    if (outcome.kind === 'refused') return refused(outcome, outcome.reason, outcome.hint);
    const { instance, version } = outcome;
    try {
      if (options.wait === false) return { data: { instance }, lines: describe(instance) };
      progress.step(`${version.image}@${version.version} boots`);
      const results = await awaitReady(ports, instance, version.image);
      signal.throwIfAborted();
      const runs = (await ports.testBed.running()).some((it) => it.id === instance.id);
      const state = runs ? describe(instance) : [`instance ${instance.id} ended`];
      const status = results.every((it) => it.passed) ? 0 : 1;
      return { data: { instance, runs, results }, lines: [...state, ...results.map(tell)], status };
    } catch (error) {
      await ports.testBed.stop(instance);
      throw error;
    }
  },
};

function describe({ id, machine, endpoints }: Instance): string[] {
  const reached = Object.entries(endpoints).map(([port, it]) => `  port ${port} is at ${it.host}:${it.port}`);
  return [`instance ${id} runs (${machine})`, ...reached, `  kiln stop ${id} ends it`];
}

function tell({ name, passed, firstSuccessMs, detail }: TestResult): string {
  const time = firstSuccessMs === undefined ? '' : ` after ${formatDuration(firstSuccessMs)}`;
  return passed ? `  ${name}: passes${time}` : `  ${name}: ${detail ?? 'fails'}`;
}
