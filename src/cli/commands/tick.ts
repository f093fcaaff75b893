import { newExecutionId } from '../../adapters/local/process-executions.ts';
import { ageImagesDaily } from '../../app/retention/lifecycle.ts';
import { type TickResult, tick } from '../../app/watch/tick.ts';
import type { Answer, CommandModule } from '../command.ts';
import { agedLines } from './lifecycle.ts';

/** `kiln tick`: looks at every image once; for a timer that calls it. */
export const { declare, run }: CommandModule = {
  declare() {},

  async run({ kiln: open }): Promise<Answer> {
    const { ports } = await open();
    const result = await tick(ports, { rejudge: ports, holder: newExecutionId() });
    const lines = [...tickLines(result), ...agedLines(await ageImagesDaily(ports))];
    const status = result.troubled.length > 0 ? 1 : 0;
    return { data: result, lines: lines.length > 0 ? lines : ['nothing has to be built or judged again'], status };
  },
};

/** What a look came to, one line a thing. */
export function tickLines({ started, rejudged, troubled }: TickResult): string[] {
  return [
    ...rejudged.flatMap((it) => [
      `judged ${it.image}@${it.version} again: ${it.cause.detail ?? it.cause.kind}`,
      ...it.takenBack.map(({ account }) => `  taken back from ${account}: ${whyNot(it, account)}`),
      ...it.given.map(({ account, reason }) => `  given to ${account}: ${reason}`),
    ]),
    ...started.map(({ image, cause }) => `built ${image}: ${cause.kind}${cause.detail ? `, ${cause.detail}` : ''}`),
    ...troubled.map(({ image, reason }) => `${image}: ${reason.split('\n')[0]}`),
  ];
}

function whyNot({ refused, obstacle }: TickResult['rejudged'][number], account: string): string {
  return refused.find((it) => it.account === account)?.reason ?? obstacle ?? 'nothing permits it any more';
}
