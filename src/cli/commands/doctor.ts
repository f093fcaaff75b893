import { exitStatusOf } from '../../model/error.ts';
import type { Answer, CommandModule } from '../command.ts';
import type { HostCheck, HostFinding } from '../doctor/check.ts';
import { firmware, kvm, memory, processor, qemu } from '../doctor/machine.ts';
import { debianPackages } from '../doctor/packages.ts';
import { namespaces, root } from '../doctor/privileges.ts';
import { room } from '../doctor/room.ts';
import { aptSources, clock } from '../doctor/sources.ts';
import { defaultHome } from '../home.ts';
import type { Style } from '../style.ts';

const CHECKS: readonly HostCheck[] = [
  processor,
  root,
  namespaces,
  debianPackages,
  qemu,
  firmware,
  kvm,
  memory,
  room,
  aptSources,
  clock,
];

/** `kiln doctor`: what this machine lacks, and how to mend it. Status 78 where something is missing. */
export const { declare, run }: CommandModule = {
  declare() {},

  async run({ options, style, signal }): Promise<Answer> {
    const home = (options.home as string | undefined) ?? defaultHome();
    const findings: HostFinding[] = [];
    for (const check of CHECKS) {
      signal.throwIfAborted();
      findings.push(await check({ home }));
    }
    const missing = findings.filter((it) => it.state === 'missing');
    const verdict =
      missing.length === 0
        ? style.green('this machine has all that Kiln needs')
        : style.red(`this machine lacks ${missing.map((it) => it.name).join(', ')}`);
    const status = missing.length > 0 ? exitStatusOf.HOST_NOT_READY : 0;
    const data = { ready: missing.length === 0, findings };
    return { data, lines: [...findings.flatMap((it) => render(it, style)), '', verdict], status };
  },
};

function render({ name, state, found, mend }: HostFinding, style: Style): string[] {
  const mark = { ok: style.green('ok     '), warning: style.yellow('warning'), missing: style.red('missing') }[state];
  return [`${mark}  ${name.padEnd(16)} ${found}`, ...(mend ? [`${' '.repeat(26)}${style.dim(`→ ${mend}`)}`] : [])];
}
