import type { FileTree } from '../../model/file-tree.ts';
import type { InventoryUnit } from '../../model/inventory.ts';
import type { Owners } from './owners.ts';
import { dropIns, readText } from './text.ts';

/** Where systemd looks for units, first wins (systemd.unit(5)). */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];
const TYPES = /\.(service|socket|timer|target|mount|path|slice|swap|automount)$/;
const COMMANDS = new Set([
  'ExecStart',
  'ExecStartPre',
  'ExecStartPost',
  'ExecReload',
  'ExecStop',
  'ExecStopPost',
  'ExecCondition',
]);

interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** Units in a tree, with their drop-ins; an instance that something enables stands beside its template. */
export function readUnits(tree: FileTree, owners: Owners, application: string | undefined): InventoryUnit[] {
  const enabled = enabledUnits(tree);
  if (application !== undefined) enabled.add(application);
  const names = new Set(FOLDERS.flatMap((folder) => tree.list(folder)).filter((name) => TYPES.test(name)));
  for (const name of enabled) names.add(name);
  return [...names].sort().flatMap((name) => {
    const path = unitPath(tree, name);
    return path === undefined ? [] : [unitOf(tree, name, path, owners, enabled.has(name))];
  });
}

/** File that defines a unit: its own, or its template's; undefined where there is none. A mask (a link to /dev/null) is none. */
function unitPath(tree: FileTree, name: string): string | undefined {
  const template = name.replace(/@.+(?=\.)/, '@');
  for (const candidate of new Set([name, template])) {
    for (const folder of FOLDERS) {
      const entry = tree.lookup(`${folder}/${candidate}`);
      if (entry?.target === '/dev/null') return undefined;
      const file = tree.resolve(`${folder}/${candidate}`);
      if (file?.type === 'file') return file.path;
    }
  }
  return undefined;
}

function enabledUnits(tree: FileTree): Set<string> {
  const found = new Set<string>();
  for (const folder of FOLDERS) {
    for (const name of tree.list(folder)) {
      if (/\.(wants|requires)$/.test(name)) for (const unit of tree.list(`${folder}/${name}`)) found.add(unit);
    }
  }
  return found;
}

function unitOf(tree: FileTree, name: string, path: string, owners: Owners, enabled: boolean): InventoryUnit {
  const settings = readSettings(tree, name, path);
  const all = (key: string) => settings.filter((it) => it.key === key).map((it) => expand(it.value, name));
  const words = (...keys: string[]) =>
    keys
      .flatMap((key) => all(key))
      .flatMap((value) => value.split(/\s+/))
      .filter(Boolean);
  return {
    name,
    path,
    package: owners.get(path)?.[0] ?? '',
    enabled,
    commands: settings.filter((it) => COMMANDS.has(it.key)).map((it) => commandOf(it, name)),
    user: all('User').at(-1) ?? '',
    groups: words('Group', 'SupplementaryGroups'),
    requires: words('Requires', 'Requisite', 'BindsTo'),
    wants: words('Wants'),
    settings: Object.fromEntries(settings.map((it) => [`${it.section}.${it.key}`, expand(it.value, name)])),
  };
}

function commandOf({ key, value, line }: Setting, name: string): InventoryUnit['commands'][number] {
  const [, prefix = '', program = ''] = /^([-@:+!|]*)"?([^\s"]*)/.exec(value) ?? [];
  return { key, line, program: expand(program, name), optional: prefix.includes('-') };
}

/** Settings of a unit's file and its drop-ins; an empty value takes back those before it. */
function readSettings(tree: FileTree, name: string, path: string): Setting[] {
  const template = name.replace(/@.+(?=\.)/, '@');
  const extra = [...new Set([template, name])].flatMap((it) =>
    dropIns(
      tree,
      FOLDERS.map((folder) => `${folder}/${it}.d`),
      '.conf',
    ),
  );
  let settings: Setting[] = [];
  for (const file of [path, ...extra]) {
    for (const setting of parse(readText(tree, file) ?? '')) {
      if (setting.value === '')
        settings = settings.filter((it) => it.section !== setting.section || it.key !== setting.key);
      else settings.push(setting);
    }
  }
  return settings;
}

function* parse(text: string): Generator<Setting> {
  const lines = text.split('\n');
  let section = '';
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let content = lines[index]!.trim();
    if (content === '' || /^[#;]/.test(content)) continue;
    while (content.endsWith('\\') && index + 1 < lines.length)
      content = `${content.slice(0, -1)} ${lines[++index]!.trim()}`;
    const header = /^\[(.+)\]$/.exec(content);
    if (header) section = header[1]!;
    const pair = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/s.exec(content);
    if (!header && pair) yield { section, key: pair[1]!, value: pair[2]!.trim(), line };
  }
}

/** Specifiers that a unit's name alone decides (systemd.unit(5)). */
function expand(text: string, name: string): string {
  const [, prefix = '', instance = ''] = /^(.+?)(?:@(.*))?\.[a-z]+$/.exec(name) ?? [];
  const values: Record<string, string> = {
    n: name,
    N: name.replace(/\.[a-z]+$/, ''),
    p: prefix,
    i: instance,
    I: instance.replaceAll('-', '/'),
    '%': '%',
  };
  return text.replaceAll(/%([nNpiI%])/g, (_, letter: string) => values[letter] ?? '');
}
