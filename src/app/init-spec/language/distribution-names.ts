import { imageSpec } from '../../../model/spec.ts';
import type { DraftContext } from '../draft/draft.ts';

/** The package by which Debian's own builds turn what a Python package requires into Depends, and its list for that. */
const TRANSLATOR = 'dh-python';
const LIST = '/usr/share/dh-python/dist/cpython3_fallback';
const MODULES = '/usr/lib/python3/dist-packages';

/** Names of distributions are equal but for case, `-`, `_` and `.` (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Debian packages by the normal names of the distributions in them, as the archive's own build tools know them; none where it has no such list. */
export async function distributionPackages({ ports, archive }: DraftContext): Promise<Map<string, string>> {
  const record = archive.universe.candidate(TRANSLATOR);
  if (!record) return new Map();
  await ports.source.fetch([record], archive.indexes, ports.progress);
  const { data } = await ports.source.open(record);
  if (data.lookup(LIST) === undefined) return new Map();
  const rows = data.read(LIST).toString('utf8').split('\n');
  const pairs = rows.flatMap((row): [string, string][] => {
    const [name, owner] = row.split(/\s+/);
    return name && owner && archive.universe.candidate(owner) ? [[normalName(name), owner]] : [];
  });
  return new Map(pairs);
}

/** Those of some top modules that a package has, whatever its name. */
export async function modulesInArchive({ ports }: DraftContext, modules: readonly string[]): Promise<Set<string>> {
  if (modules.length === 0) return new Set();
  const places = (module: string) => [`${MODULES}/${module}/__init__.py`, `${MODULES}/${module}.py`];
  const os = imageSpec.shape.os.parse({});
  const owned = await ports.source.owners(os, modules.flatMap(places), ports.progress);
  return new Set(modules.filter((it) => places(it).some((place) => owned.has(place))));
}
