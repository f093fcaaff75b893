import { parseSysusers } from '../../formats/system/sysusers.ts';
import { parseTmpfiles } from '../../formats/system/tmpfiles.ts';
import { expandSpecifiers, splitUnitWords, type UnitEntry, unitValues } from '../../formats/system/unit.ts';
import { type LoadedUnit, loadUnit } from '../../formats/system/unit-files.ts';
import type { Start } from './rule.ts';
import { viewFiles } from './unit-commands.ts';
import type { View } from './view.ts';

/** A user, a group or a folder that must be on the machine when the application starts, and what says so. */
export interface MachineNeed {
  readonly kind: 'user' | 'group' | 'folder';
  /** Name, or absolute path. */
  readonly name: string;
  readonly by: string;
  readonly line?: number;
  /** Of folders, where it is stated. */
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
}

const FOLDERS: Readonly<Record<string, string>> = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
  ConfigurationDirectory: '/etc',
};

/**
 * Users, groups and folders of what runs: of its units (systemd.exec(5)), of commands' users, and of the sysusers.d and
 * tmpfiles.d files of packages of which something is reached. Sorted by kind and name.
 */
export function machineNeeds(
  starts: readonly Start[],
  units: Iterable<string>,
  packages: ReadonlySet<string | undefined>,
  view: View,
): MachineNeed[] {
  const needs: MachineNeed[] = starts.flatMap((start) =>
    start.kind === 'command' && start.user ? [{ kind: 'user' as const, name: start.user, by: start.by }] : [],
  );
  for (const name of units) {
    const unit = loadUnit(viewFiles(view), name);
    if (unit) needs.push(...unitNeeds(unit));
  }
  for (const path of filesOf('sysusers.d', packages, view)) needs.push(...sysusersNeeds(path, view.text(path) ?? ''));
  for (const path of filesOf('tmpfiles.d', packages, view)) needs.push(...tmpfilesNeeds(path, view.text(path) ?? ''));
  return needs.sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
}

function unitNeeds(unit: LoadedUnit): MachineNeed[] {
  const words = (key: string) =>
    unitValues(unit.entries, 'Service', key).flatMap((entry) =>
      splitUnitWords(expandSpecifiers(entry.value, unit.name)).map((name) => ({ name, ...placeOf(entry, unit) })),
    );
  const user = words('User').at(-1);
  const group = words('Group').at(-1);
  const groups = [...(group ? [group] : []), ...words('SupplementaryGroups')];
  const owner = { ...(user ? { user: user.name } : {}), ...(group ? { group: group.name } : {}) };
  const folders = Object.entries(FOLDERS).flatMap(([key, base]) => {
    const mode = Number.parseInt(unitValues(unit.entries, 'Service', `${key}Mode`).at(-1)?.value ?? '755', 8);
    // `name:link` makes a link to the folder, too.
    return words(key).map((it) => ({
      ...it,
      kind: 'folder' as const,
      name: `${base}/${it.name.split(':')[0]}`,
      mode,
      ...owner,
    }));
  });
  return [
    ...(user ? [{ ...user, kind: 'user' as const }] : []),
    ...groups.map((it) => ({ ...it, kind: 'group' as const })),
    ...folders,
  ];
}

function placeOf(entry: UnitEntry, unit: LoadedUnit): { by: string; line: number } {
  return { by: entry.file ?? unit.path, line: entry.line };
}

/** Files of `sysusers.d` and its kind that are in and belong to one of the packages; without packages, all. */
function filesOf(folder: string, packages: ReadonlySet<string | undefined>, view: View): string[] {
  return ['/etc', '/usr/lib']
    .flatMap((base) => view.list(`${base}/${folder}`).map((name) => `${base}/${folder}/${name}`))
    .filter((path) => path.endsWith('.conf') && view.isIn(path) && packages.has(view.trace(path)?.entry.package));
}

function sysusersNeeds(by: string, text: string): MachineNeed[] {
  return parseSysusers(text).map(({ kind, name, group, line }) => {
    if (kind === 'member') return { kind: 'group', name: group ?? name, by, line };
    return { kind, name, by, line };
  });
}

function tmpfilesNeeds(by: string, text: string): MachineNeed[] {
  return parseTmpfiles(text)
    .filter(({ type }) => 'dDvqQ'.includes(type))
    .map(({ path, mode, user, group, line }) => ({
      kind: 'folder' as const,
      name: path,
      by,
      line,
      ...(mode === undefined ? {} : { mode }),
      ...(user ? { user } : {}),
      ...(group ? { group } : {}),
    }));
}
