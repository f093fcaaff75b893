import { INIT_SCRIPTS } from '../../formats/system/sysv-unit.ts';
import { expandSpecifiers, splitUnitWords, unitNameParts, unitValues } from '../../formats/system/unit.ts';
import { loadUnit, UNIT_FOLDERS, unitPaths } from '../../formats/system/unit-files.ts';
import { joinPath } from './path.ts';
import type { Demand, Rule } from './rule.ts';
import { MANAGER, viewFiles } from './unit-commands.ts';
import { unitIndex } from './unit-index.ts';
import type { View } from './view.ts';

const STRONG = ['Requires', 'Requisite', 'BindsTo'];
const WEAK = ['Wants', 'Upholds', 'OnFailure', 'OnSuccess', 'Sockets', 'Unit', 'Also'];

/** Other units that a unit starts, where systemd is the init: Requires, Wants and their kind, and `.wants` folders. */
export const unitDependencies: Rule = {
  id: 'unit-dependencies',
  explanation: 'starting the unit starts this one',
  roles: ['unit'],
  *inspect({ path, context }, view) {
    if (!context.manager) return;
    const name = context.unit ?? '';
    const unit = loadUnit(viewFiles(view), name);
    const demand = { rule: this.id, by: path, role: 'unit' } as const;
    const all = unit?.entries ?? [];
    for (const [keys, required] of [
      [STRONG, true],
      [WEAK, false],
    ] as const) {
      for (const entry of keys.flatMap((key) =>
        ['Unit', 'Service', 'Timer', 'Socket', 'Path'].flatMap((section) => unitValues(all, section, key)),
      )) {
        for (const other of splitUnitWords(expandSpecifiers(entry.value, name))) {
          yield { ...demand, ...unitDemand(other, required), by: entry.file ?? path, line: entry.line };
        }
      }
    }
    const others = [...unitsInFolders(name, (folder) => view.list(folder)), ...unitsOnceEnabled(name, view)];
    for (const other of others) yield { ...demand, ...unitDemand(other, false) };
  },
};

/** What packages' scripts will enable while they are configured; systemd's own units go by its presets. */
function unitsOnceEnabled(name: string, view: View): string[] {
  const owner = view.trace(MANAGER)?.entry.package;
  const isOthers = (unit: string) =>
    unitPaths(unit).some((it) => view.isIn(it) && view.trace(it)?.entry.package !== owner);
  return unitIndex(view).installedUnder(name).filter(isOthers);
}

function unitDemand(
  name: string,
  required: boolean,
): Pick<Demand, 'needs' | 'paths' | 'context' | 'required' | 'bring' | 'quiet'> {
  return {
    needs: name,
    paths: unitPaths(name),
    context: { unit: name, manager: true, ...(required ? {} : { wanted: true }) },
    required,
    bring: required,
    quiet: !required,
  };
}

function unitsInFolders(name: string, list: (folder: string) => string[]): string[] {
  const { template } = unitNameParts(name);
  const owners = [name, ...(template ? [template] : [])];
  const folders = UNIT_FOLDERS.flatMap((folder) =>
    owners.flatMap((owner) => ['wants', 'requires'].map((kind) => joinPath(folder, `${owner}.${kind}`))),
  );
  return [...new Set(folders.flatMap(list))];
}

/** systemd itself starts `default.target` and runs its generators and helpers. */
export const systemManager: Rule = {
  id: 'system-manager',
  explanation: 'systemd starts this at boot',
  roles: ['run'],
  *inspect({ path, context }, view) {
    if (path !== MANAGER || !context.manager) return;
    const demand = { rule: this.id, by: path, required: false, bring: false, quiet: true } as const;
    for (const target of ['default.target', 'multi-user.target', 'sysinit.target', 'basic.target', 'shutdown.target']) {
      yield {
        ...demand,
        needs: target,
        paths: unitPaths(target),
        role: 'unit',
        context: { unit: target, manager: true, wanted: true },
      };
    }
    for (const script of view.list(INIT_SCRIPTS).filter((it) => view.isIn(`${INIT_SCRIPTS}/${it}`)))
      yield { ...demand, ...unitDemand(`${script}.service`, false), role: 'unit' };
    for (const folder of ['/usr/lib/systemd/system-generators', '/usr/lib/systemd/system-shutdown']) {
      for (const name of view.list(folder))
        yield { ...demand, needs: `${folder}/${name}`, paths: [`${folder}/${name}`], role: 'run' };
    }
  },
};
