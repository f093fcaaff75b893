import { splitUnitWords, unitValues } from '../../formats/system/unit.ts';
import { type LoadedUnit, loadUnit, UNIT_FOLDERS } from '../../formats/system/unit-files.ts';
import { viewFiles } from './unit-commands.ts';
import type { View } from './view.ts';

/** What the units that are in say of other units. */
export interface UnitIndex {
  /** Services, templates included, that say PartOf= of this one. */
  partsOf(name: string): readonly string[];
  /** Units that this one starts once they are enabled (`[Install]`), as packages' scripts enable them. */
  installedUnder(name: string): readonly string[];
}

const known = new WeakMap<View, UnitIndex>();

/** The index of a view's units; read once. */
export function unitIndex(view: View): UnitIndex {
  const found = known.get(view) ?? readIndex(view);
  known.set(view, found);
  return found;
}

function readIndex(view: View): UnitIndex {
  const files = viewFiles(view);
  const names = new Set(UNIT_FOLDERS.flatMap((folder) => view.list(folder)));
  const parts = new Map<string, string[]>();
  const installed = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const unit = /\.(service|socket|timer|path)$/.test(name) ? loadUnit(files, name) : undefined;
    if (!unit || !view.isIn(unit.path)) continue;
    if (name.endsWith('.service')) add(parts, words(unit, 'Unit', 'PartOf'), name);
    // An instance of a template is enabled by whoever names it.
    if (!name.includes('@.')) add(installed, words(unit, 'Install', 'WantedBy', 'RequiredBy', 'UpheldBy'), name);
  }
  return { partsOf: (name) => parts.get(name) ?? [], installedUnder: (name) => installed.get(name) ?? [] };
}

function words({ entries }: LoadedUnit, section: string, ...keys: string[]): string[] {
  return keys.flatMap((key) => unitValues(entries, section, key)).flatMap(({ value }) => splitUnitWords(value));
}

function add(to: Map<string, string[]>, owners: readonly string[], name: string): void {
  for (const owner of owners) to.set(owner, [...(to.get(owner) ?? []), name]);
}
