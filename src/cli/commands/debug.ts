import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describeGap } from '../../app/application/gaps.ts';
import { gapsOfTrace } from '../../app/application/gaps-of-trace.ts';
import { parseReference, requireVersion } from '../../app/gate/image-reference.ts';
import { execTraceWords, programsTried } from '../../formats/system/exec-trace.ts';
import type { ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Answer, CommandModule } from '../command.ts';
import { runDebugMachine, runTracedMachine } from '../debug/debug-machine.ts';

/** `kiln debug IMAGE`: the image with a shell and tools, on an overlay that nothing can be made of. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS; a quarantined one too')
      .option('--trace [seconds]', 'boot it without a shell, and tell which programs were asked for and are not there')
      .addHelpText('after', '\nCommands can be piped in: echo "ps" | kiln debug nginx');
  },

  async run({ args: [image], options, kiln: open, progress }): Promise<Answer> {
    const { ports, home } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const disk = await ports.store.path(version.diskDigest);
    const at = timestamp(ports.clock);
    const detail = { version: version.version };
    await ports.catalog.recordEvent({
      id: `debug:${at}:${process.pid}`,
      kind: 'debug',
      at,
      image: version.image,
      detail,
    });
    if (options.trace !== undefined)
      return traced(ports, version, disk, { folder: join(home, 'instances'), seconds: secondsOf(options.trace) });
    progress.note(`booting ${version.image}@${version.version}; exit powers it off`);
    progress.close();
    const input = process.stdin.isTTY ? undefined : await text(process.stdin);
    await runDebugMachine(disk, join(home, 'instances'), input);
    return { data: { image: version.image, ...detail }, lines: [] };
  },
};

const SECONDS = 60;

function secondsOf(option: unknown): number {
  const seconds = option === true ? SECONDS : Number(option);
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new KilnError('USAGE', `--trace ${option}: not a whole number of seconds`, { hint: `default: ${SECONDS}` });
}

async function traced(
  ports: Ports,
  version: ImageVersion,
  disk: string,
  { folder, seconds }: { folder: string; seconds: number },
): Promise<Answer> {
  ports.progress.note(`booting ${version.image}@${version.version} for ${seconds} s, every execve told by its kernel`);
  const console = await runTracedMachine(disk, folder, execTraceWords, seconds * 1000);
  const tried = programsTried(console);
  if (!tried) {
    throw new KilnError('BOOT_FAILED', 'the kernel told of no execve: it did not come so far, or cannot trace them', {
      hint: `--trace ${seconds * 3} waits longer`,
    });
  }
  const gaps = await gapsOfTrace(ports, version, tried);
  const lines = [
    ...gaps.map(describeGap),
    `${tried.length} programs were asked for in ${seconds} s, ${gaps.length} are not there`,
  ];
  return { data: { image: version.image, version: version.version, tried, gaps }, lines };
}
