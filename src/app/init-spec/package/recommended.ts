import { parseExec, parseUnit } from '../../../formats/system/unit.ts';
import { mergedPath } from '../../../formats/tree/usr-merge.ts';
import type { PackageRecord } from '../../../model/package.ts';
import type { DebContents } from '../../../ports/package-source.ts';
import type { DraftContext } from '../draft/draft.ts';

const UNITS = '/usr/lib/systemd/system';
/** Data that a service wants beside it is small; what is large is another application. */
const LARGEST_BYTES = 2 ** 20;
const LARGEST_SCRIPT_BYTES = 2 ** 16;

/**
 * Packages that `record` only recommends, and of which a command of its unit names a file by its path: the service may not start
 * without. In their order.
 */
export async function recommendedFor(
  { ports, archive }: DraftContext,
  record: PackageRecord,
  contents: readonly DebContents[],
  unit: string,
): Promise<string[]> {
  const named = pathsNamed(contents, unit).filter((path) => !contents.some(({ data }) => data.lookup(path)));
  if (named.length === 0) return [];
  const { universe } = archive;
  const recommended = universe
    .relations(record, 'Recommends')
    .flatMap(([first]) => (first ? (universe.candidate(first.name) ?? []) : []))
    .filter(({ sizeBytes }) => sizeBytes <= LARGEST_BYTES);
  if (recommended.length === 0) return [];
  await ports.source.fetch(recommended, archive.indexes, ports.progress);
  const opened = await Promise.all(recommended.map(async (it) => ({ ...it, ...(await ports.source.open(it)) })));
  return opened.filter(({ data }) => named.some((path) => data.lookup(path)?.type === 'file')).map(({ name }) => name);
}

/** Files below /usr/share and /usr/lib that a unit's commands name, in their arguments or as scripts in their text. */
export function pathsNamed(contents: readonly DebContents[], unit: string): string[] {
  const texts = contents.flatMap(({ data }) => {
    const path = `${UNITS}/${unit}`;
    return data.lookup(path)?.type === 'file' ? [data.read(path).toString('utf8')] : [];
  });
  const programs = texts
    .flatMap((text) => parseUnit(text))
    .filter(({ key }) => /^ExecStart(Pre)?$/.test(key))
    .flatMap(({ value }) => parseExec(value).map(({ program }) => mergedPath(program)));
  const scripts = programs.flatMap((program) => contents.flatMap(({ data }) => scriptAt(data, program)));
  const found = [...texts, ...scripts].flatMap(
    (text) => text.match(/(?<![\w.$}/-])\/usr\/(?:share|lib)\/[\w.+/-]+/g) ?? [],
  );
  return [...new Set(found)];
}

function scriptAt(data: DebContents['data'], path: string): string[] {
  const entry = data.lookup(path);
  if (entry?.type !== 'file' || entry.size > LARGEST_SCRIPT_BYTES) return [];
  const text = data.read(path).toString('utf8');
  return text.startsWith('#!') ? [text] : [];
}
