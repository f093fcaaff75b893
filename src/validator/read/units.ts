import { expandSpecifiers, parseExec, type UnitEntry, unitNameParts, unitValues } from '../../formats/system/unit.ts';
import { loadUnit, UNIT_FOLDERS } from '../../formats/system/unit-files.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { InventoryUnit } from '../../model/inventory.ts';
import type { Owners } from './owners.ts';

const TYPES = /\.(service|socket|timer|target|mount|path|slice|swap|automount)$/;
const COMMANDS = [
  'ExecCondition',
  'ExecStartPre',
  'ExecStart',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'ExecStopPost',
];

/** Units in a tree, with their drop-ins; an instance that something enables stands beside its template. */
export function readUnits(tree: FileTree, owners: Owners, application: string | undefined): InventoryUnit[] {
  const enabled = enabledUnits(tree);
  if (application !== undefined) enabled.add(application);
  const names = new Set(UNIT_FOLDERS.flatMap((folder) => tree.list(folder)).filter((name) => TYPES.test(name)));
  for (const name of enabled) names.add(name);
  return [...names].sort().flatMap((name) => unitOf(tree, name, owners, enabled.has(name)));
}

function enabledUnits(tree: FileTree): Set<string> {
  const found = new Set<string>();
  for (const folder of UNIT_FOLDERS) {
    for (const name of tree.list(folder)) {
      if (/\.(wants|requires)$/.test(name)) for (const unit of tree.list(`${folder}/${name}`)) found.add(unit);
    }
  }
  return found;
}

function unitOf(tree: FileTree, name: string, owners: Owners, enabled: boolean): InventoryUnit[] {
  const loaded = isMasked(tree, name) ? undefined : loadUnit(tree, name);
  const path = loaded && tree.resolve(loaded.path)?.path;
  if (!loaded || path === undefined) return [];
  const values = (section: string, ...keys: string[]) =>
    keys.flatMap((key) => unitValues(loaded.entries, section, key).map((it) => expandSpecifiers(it.value, name)));
  const words = (section: string, ...keys: string[]) =>
    values(section, ...keys)
      .flatMap((value) => value.split(/\s+/))
      .filter(Boolean);
  return [
    {
      name,
      path,
      package: owners.get(path)?.[0] ?? '',
      enabled,
      commands: COMMANDS.flatMap((key) => commandsOf(loaded.entries, key, name)),
      user: values('Service', 'User').at(-1) ?? '',
      groups: words('Service', 'Group', 'SupplementaryGroups'),
      requires: words('Unit', 'Requires', 'Requisite', 'BindsTo'),
      wants: words('Unit', 'Wants'),
      settings: settingsOf(loaded.entries, name),
    },
  ];
}

/** A link to /dev/null takes a unit away, whoever ships it (systemd.unit(5)). */
function isMasked(tree: FileTree, name: string): boolean {
  return UNIT_FOLDERS.some((folder) => tree.lookup(`${folder}/${name}`)?.target === '/dev/null');
}

function commandsOf(entries: readonly UnitEntry[], key: string, name: string): InventoryUnit['commands'] {
  return unitValues(entries, 'Service', key).flatMap(({ value, line }) =>
    parseExec(value).map(({ program, mayFail }) => ({
      key,
      line,
      program: expandSpecifiers(program, name),
      optional: mayFail,
    })),
  );
}

/** Settings that may be stated more than once, each time for more (systemd.exec(5), systemd.socket(5)). */
const LISTS =
  /Paths$|Directories$|^(Runtime|State|Cache|Logs|Configuration)Directory$|^Listen|Capabilities$|^CapabilityBoundingSet$|^PartOf$/;

/** Last value of each setting, of a list all of them with a space between; one that is taken back is absent. */
function settingsOf(entries: readonly UnitEntry[], name: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const { section, key, value } of entries) {
    const place = `${section}.${key}`;
    const before = LISTS.test(key) ? settings[place] : undefined;
    if (value === '') delete settings[place];
    else settings[place] = [...(before === undefined ? [] : [before]), expandSpecifiers(value, name)].join(' ');
  }
  return settings;
}

/** Whether a unit is there under its own name or as its template. */
export function hasUnit(units: ReadonlySet<string>, name: string): boolean {
  return units.has(name) || units.has(unitNameParts(name).template ?? name);
}
