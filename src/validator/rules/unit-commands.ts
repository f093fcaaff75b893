import { z } from 'zod';
import type { InventoryUnit } from '../../model/inventory.ts';
import { includeFix } from '../fixes.ts';
import { findProgram } from '../programs.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';

/** Without one of these the unit does not start; without another it is not reloaded, or is stopped by a signal. */
const STARTING = new Set(['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost']);

/** Each command of a unit that will be started exists; one that may fail (`-`) is excused (systemd.service(5)). */
export const unitCommands = defineRule({
  id: 'unit-commands',
  title: 'each command of the application’s unit, and of the units that systemd starts, is in the image',
  remedy: 'resolve again, or name the command under resolution.includeFiles in the spec',
  parameters: z.strictObject({
    all: z.boolean().default(false).describe('judge also what reloads and stops a unit'),
  }),
  check(context, { all }) {
    const { inventory, spec } = context;
    const wanted = spec.application.run.unit;
    const found = inventory.units.some((it) => it.name === wanted);
    if (wanted !== undefined && !found) return answer([absentUnit(context, wanted)]);
    const started = inventory.units.filter((it) => isStarted(context, it));
    if (started.length === 0) return notApplicable('the application is a command, and no unit is started');
    return answer(started.flatMap((unit) => commandFindings(context, unit, all)));
  },
});

/** With the small init only the application's own unit is started, or what is part of it where it starts nothing itself. */
function isStarted({ spec, reachability, inventory }: RuleContext, unit: InventoryUnit): boolean {
  const asked = spec.application.run.unit;
  if (unit.name === asked) return true;
  const parent = inventory.units.find(({ name }) => name === asked);
  if (parent && startsNothing(parent) && isPartOf(unit, parent)) return true;
  if (spec.boot.init !== 'systemd' || !unit.enabled) return false;
  return reachability === undefined || reachability.reachable.has(unit.path);
}

function startsNothing({ settings, commands }: InventoryUnit): boolean {
  const started = commands.filter(({ key }) => key === 'ExecStart');
  return (
    settings['Service.Type'] === 'oneshot' && started.every(({ program }) => /^(\/usr)?\/bin\/true$/.test(program))
  );
}

function isPartOf({ name, settings }: InventoryUnit, parent: InventoryUnit): boolean {
  return name.endsWith('.service') && (settings['Unit.PartOf'] ?? '').split(/\s+/).includes(parent.name);
}

function commandFindings({ tree, lock, providerOf }: RuleContext, unit: InventoryUnit, all: boolean): Observation[] {
  const lost = unit.commands.filter(
    ({ key, program, optional }) =>
      (all || STARTING.has(key)) && !optional && program !== '' && !findProgram(tree, program),
  );
  return lost.map(({ key, line, program }) => {
    const provider = providerOf(program);
    return {
      message: `${unit.name} line ${line}: ${key} runs ${program}, which is not in the image`,
      file: unit.path,
      package: unit.package || undefined,
      seen: 'absent',
      wanted: program,
      mend: provider && `package ${provider} has it`,
      fix: includeFix(program, provider, lock),
    };
  });
}

function absentUnit({ providerOf }: RuleContext, name: string): Observation {
  const provider = providerOf(`/usr/lib/systemd/system/${name}`);
  return {
    message: `the spec runs ${name}, which is not in the image`,
    seen: 'absent',
    wanted: name,
    mend: provider ? `package ${provider} has it` : 'name a unit of one of the packages under application.run.unit',
  };
}
