import type { Build } from '../../model/build.ts';
import type { Answer } from '../command.ts';
import { table } from '../style.ts';
import type { RemoteCommand } from './remote-command.ts';

/** `kiln remote status`: what runs, how each image stands, what could not be handled. */
export const status: RemoteCommand = {
  summary: 'what runs, what failed, what waits',
  declare() {},

  async run({ kiln, style }, deployment): Promise<Answer> {
    const { catalog } = (await kiln()).ports;
    const [images, builds] = [await catalog.listImages(), await catalog.listBuilds({ limit: 200 })];
    const running = await deployment.runningExecutions();
    const deadLetters = await deployment.deadLetters();
    // Of each image the build that runs, else the newest.
    const newestFirst = [...builds.filter((it) => it.state === 'running'), ...builds];
    const newest = new Map(newestFirst.toReversed().map((it) => [it.image, it]));
    const rows = await Promise.all(
      images.map(async ({ name }) => {
        const latest = (await catalog.aliases(name)).latest;
        const last = newest.get(name);
        const grants =
          latest === undefined ? [] : await catalog.listGrants({ image: name, version: latest, inForce: true });
        const stopped = last !== undefined && isStopped(last, running);
        const detail = last?.detail ?? (last && progressOf(last, stopped));
        return { name, latest, accounts: grants.length, build: last?.id, state: last?.state, stopped, detail };
      }),
    );
    const cells = rows.map((it) => [
      it.name,
      it.latest === undefined ? 'none' : `@${it.latest}`,
      String(it.accounts),
      it.build ?? '',
      it.stopped ? 'stopped' : (it.state ?? 'never built'),
      it.detail?.split('\n')[0] ?? '',
    ]);
    const counts = [
      counted(images.length, 'image', 'images'),
      counted(running.length, 'execution runs', 'executions run'),
      counted(deadLetters, 'event could not be handled', 'events could not be handled'),
    ];
    const lines = [
      `${deployment.name}: ${counts.join(', ')}`,
      ...(rows.length > 0 ? table(['image', 'latest', 'grants>', 'last build', '', ''], cells, style) : []),
      ...(deadLetters > 0 ? ['docs/aws.md, “Alarms”, says what to do about events that could not be handled'] : []),
    ];
    return { data: { deployment: deployment.name, running, deadLetters, images: rows }, lines };
  },
};

/** It neither ended nor does anything work on it. */
function isStopped({ state, execution }: Build, running: readonly { readonly name: string }[]): boolean {
  const name = execution?.split(':').at(-1);
  return state === 'running' && !running.some((it) => it.name === name);
}

function progressOf({ id, state, steps }: Build, stopped: boolean): string | undefined {
  const step = steps.findLast((it) => it.outcome === 'running')?.step ?? 'the beginning';
  if (stopped) return `${step}: kiln remote redrive ${id} goes on`;
  return state === 'running' ? step : undefined;
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
