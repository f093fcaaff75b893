import { unitPaths } from '../../formats/system/unit-files.ts';
import { commandPaths, joinPath } from './path.ts';
import type { Context, Demand, Start } from './rule.ts';
import { MANAGER } from './unit-commands.ts';
import type { View } from './view.ts';

/** What the starts themselves ask for: a unit's file, a command's program, a file; and the given configuration files. */
export function* startDemands(
  starts: readonly Start[],
  configuration: readonly string[],
  view: View,
): Iterable<Demand> {
  const manager = starts.some((start) => start.kind !== 'unit' && view.trace(programOf(start))?.entry.path === MANAGER);
  for (const start of starts) {
    const demand = demandOf(start);
    yield manager ? { ...demand, context: { ...demand.context, manager } } : demand;
  }
  for (const path of configuration) {
    if (!view.trace(path)) continue;
    const common = { rule: 'start', by: 'configuration', needs: path, required: true, paths: [path] };
    yield { ...common, role: 'configuration', bring: false };
  }
}

function programOf(start: Exclude<Start, { kind: 'unit' }>): string {
  return start.kind === 'file' ? start.path : (start.argv[0] ?? '');
}

function demandOf(start: Start): Demand {
  const common = { rule: 'start', by: start.by, required: true, bring: true };
  if (start.kind === 'unit') {
    const context = { unit: start.name };
    return { ...common, needs: start.name, paths: unitPaths(start.name), role: 'unit', context };
  }
  if (start.kind === 'file') {
    return { ...common, needs: start.path, paths: [joinPath('/', start.path)], role: 'used' };
  }
  const [program = ''] = start.argv;
  return {
    ...common,
    needs: program,
    paths: commandPaths(program, start.workingDirectory),
    role: 'run',
    context: contextOf(start),
  };
}

function contextOf(start: Extract<Start, { kind: 'command' }>): Context {
  const { argv, user, workingDirectory, modulePath = [] } = start;
  return {
    argv,
    statedBy: { by: start.by },
    ...(user ? { user } : {}),
    ...(workingDirectory ? { workingDirectory } : {}),
    ...(modulePath.length > 0 ? { modulePath } : {}),
  };
}
