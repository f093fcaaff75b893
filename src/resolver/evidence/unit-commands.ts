import {
  expandSpecifiers, expandVariables, parseEnvironmentFile, parseExec, splitUnitWords, unitValue, unitValues,
} from '../../formats/system/unit.ts'; // biome-ignore format: one import
import { type LoadedUnit, loadUnit } from '../../formats/system/unit-files.ts';
import { commandDemands } from './command.ts';
import type { Context, Demand, Rule } from './rule.ts';
import type { View } from './view.ts';

/** Program of the init that starts units by their dependencies. */
export const MANAGER = '/usr/lib/systemd/systemd';

/** Settings whose commands are run to get the service up, and those that come later (systemd.service(5)). */
const STARTING = ['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost'];
const LATER = ['ExecReload', 'ExecStop', 'ExecStopPost'];

/** Commands of a unit that is started, its environment files, and the user whom it runs as. */
export const unitCommands: Rule = {
  id: 'unit-commands',
  explanation: 'the unit runs this command',
  roles: ['unit'],
  *inspect({ context }, view) {
    const unit = loadUnit(viewFiles(view), context.unit ?? '');
    if (!unit) return;
    for (const path of unit.dropIns) yield fileDemand(path, unit.path, 0, true);
    const { variables, files } = environmentOf(unit, view);
    yield* files;
    const around = contextOf(unit);
    const oneshot = unitValue(unit.entries, 'Service', 'Type') === 'oneshot';
    for (const key of [...STARTING, ...LATER]) {
      for (const entry of unitValues(unit.entries, 'Service', key)) {
        for (const command of parseExec(expandSpecifiers(entry.value, unit.name))) {
          const main = key === 'ExecStart' && !(command.mayFail && oneshot);
          // What ends a service, and may fail, is not needed to run it.
          const bring = STARTING.includes(key) || !command.mayFail;
          const required = !context.wanted && (main || (STARTING.includes(key) && !command.mayFail));
          const argv = [command.program, ...expandVariables(command.argv.slice(1), variables)];
          const demand = { rule: unitCommands.id, by: entry.file ?? unit.path, line: entry.line, required, bring };
          yield* commandDemands(argv, demand, {
            ...around,
            argv,
            ...(command.mayFail && !main ? { wanted: true } : {}),
          });
        }
      }
    }
  },
};

/** A view as what reads units wants it. */
export function viewFiles(view: View): Parameters<typeof loadUnit>[0] {
  return {
    resolve: (path) => view.trace(path)?.entry,
    list: (path) => view.list(path),
    read: (path) => Buffer.from(view.text(path) ?? ''),
  };
}

function contextOf(unit: LoadedUnit): Context {
  const value = (key: string) => {
    const text = unitValue(unit.entries, 'Service', key);
    return text === undefined ? undefined : expandSpecifiers(text, unit.name);
  };
  const user = value('User');
  const workingDirectory = value('WorkingDirectory')?.replace(/^-/, '');
  return {
    ...(user ? { user } : {}),
    ...(workingDirectory?.startsWith('/') ? { workingDirectory } : {}),
  };
}

function environmentOf(unit: LoadedUnit, view: View): { variables: Map<string, string>; files: Demand[] } {
  const variables = new Map<string, string>();
  const files: Demand[] = [];
  for (const { value } of unitValues(unit.entries, 'Service', 'Environment')) {
    for (const word of splitUnitWords(expandSpecifiers(value, unit.name))) {
      const at = word.indexOf('=');
      if (at > 0) variables.set(word.slice(0, at), word.slice(at + 1));
    }
  }
  for (const { value, line, file } of unitValues(unit.entries, 'Service', 'EnvironmentFile')) {
    const path = expandSpecifiers(value, unit.name).replace(/^-/, '');
    for (const [name, text] of parseEnvironmentFile(view.text(path) ?? '')) variables.set(name, text);
    files.push(fileDemand(path, file ?? unit.path, line, !value.startsWith('-')));
  }
  return { variables, files };
}

function fileDemand(path: string, by: string, line: number, required: boolean): Demand {
  const common = { rule: 'unit-commands', by, needs: path, required, paths: [path] };
  return { ...common, ...(line > 0 ? { line } : {}), role: 'data', bring: required, quiet: !required };
}
