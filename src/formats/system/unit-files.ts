import type { FileTree } from '../../model/file-tree.ts';
import { initScriptPath, initScriptUnit } from './sysv-unit.ts';
import { parseUnit, type UnitEntry, unitNameParts, unitValue, unitValues } from './unit.ts';

/** Where systemd looks for system units, first wins (systemd.unit(5), 'Unit file load path'). */
export const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
] as const;

export interface LoadedUnit {
  /** As asked for, such as `postgresql@15-main.service`. */
  readonly name: string;
  /** The unit's own file. */
  readonly path: string;
  /** Drop-ins, in the order in which they are read. */
  readonly dropIns: readonly string[];
  /** Entries of the file and its drop-ins. */
  readonly entries: readonly UnitEntry[];
}

type Files = Pick<FileTree, 'resolve' | 'list' | 'read'>;

/**
 * A unit with its drop-ins; undefined where no folder has it, or it is masked (a link to /dev/null, an empty file). An init
 * script of the name stands for a service that no unit describes.
 */
export function loadUnit(files: Files, name: string): LoadedUnit | undefined {
  const path = unitPaths(name).find((it) => files.resolve(it)?.type === 'file');
  if (path === undefined || (path === initScriptPath(name) && isNamed(files, name))) return undefined;
  const text = files.read(path).toString('utf8');
  if (text === '') return undefined;
  const dropIns = dropInsOf(files, name);
  const own = path === initScriptPath(name) ? initScriptUnit(text, path) : parseUnit(text, path);
  const added = dropIns.flatMap((file) => parseUnit(files.read(file).toString('utf8'), file));
  const entries = [...own, ...added];
  return { name, path, dropIns, entries };
}

/** A folder has something of the name that is no unit: a link to /dev/null, which masks the init script, too. */
function isNamed(files: Files, name: string): boolean {
  return UNIT_FOLDERS.some((folder) => files.list(folder).includes(name));
}

/** Places where a unit's file may be, its own before its template's; last the init script that stands for a service. */
export function unitPaths(name: string): string[] {
  const { template } = unitNameParts(name);
  const script = initScriptPath(name);
  const files = [name, ...(template ? [template] : [])].flatMap((file) =>
    UNIT_FOLDERS.map((folder) => `${folder}/${file}`),
  );
  return script === undefined ? files : [...files, script];
}

function dropInsOf(files: Files, name: string): string[] {
  const { template, type } = unitNameParts(name);
  const byName = new Map<string, string>();
  for (const owner of [`${type}`, ...(template ? [template] : []), name]) {
    // A file in /etc hides one of the same name in /usr.
    for (const folder of UNIT_FOLDERS.toReversed()) {
      for (const file of files.list(`${folder}/${owner}.d`)) {
        const path = `${folder}/${owner}.d/${file}`;
        if (file.endsWith('.conf') && files.resolve(path)?.type === 'file') byName.set(file, path);
      }
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Whether a service only stands for others: all that it starts is `true`, or nothing (systemd.service(5), oneshot). */
export function startsNothing({ entries }: Pick<LoadedUnit, 'entries'>): boolean {
  const commands = unitValues(entries, 'Service', 'ExecStart');
  return (
    unitValue(entries, 'Service', 'Type') === 'oneshot' &&
    commands.every(({ value }) => /^[-@:+!|]*(\/usr)?\/bin\/true$/.test(value.trim()))
  );
}
