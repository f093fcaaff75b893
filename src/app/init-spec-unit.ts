import { parseUnit, splitUnitWords, type UnitEntry, unitValue } from '../formats/unit.ts';
import type { DebContents } from '../ports/package-source.ts';

const FOLDER = '/usr/lib/systemd/system';

interface Candidate {
  readonly name: string;
  readonly entries: readonly UnitEntry[];
  /** Its own name without `.service`, and those that it or links give it. */
  readonly names: readonly string[];
}

/** Templates of services, those of the names `stems` if there are such: an instance of one may be what is meant. */
export function templatesOf(contents: readonly DebContents[], stems: readonly string[]): string[] {
  const all = contents.flatMap(({ data }) => data.list(FOLDER).filter((it) => it.endsWith('@.service')));
  const named = all.filter((it) => stems.includes(it.replace('@.service', '')));
  return named.length > 0 ? named : all;
}

/**
 * The service unit that a person would start: of one of the `stems` by name or alias, else one that runs on and is enabled by
 * itself. Others are those that people might have meant; `runsOn`: it is no oneshot.
 */
export function chooseUnit(
  contents: readonly DebContents[],
  stems: readonly string[],
): { unit: string; others: string[]; runsOn: boolean } | undefined {
  const candidates = contents.flatMap(unitsOf);
  const best = candidates.toSorted((a, b) => rank(b, stems) - rank(a, stems))[0];
  if (best === undefined) return undefined;
  return { unit: best.name, runsOn: runsOn(best), others: candidates.filter((it) => it !== best).map((it) => it.name) };
}

/** Services of a package; a link is another name for what it leads to, and a template runs nothing by itself. */
function unitsOf({ data }: DebContents): Candidate[] {
  const files = data.list(FOLDER).filter((it) => it.endsWith('.service') && !it.includes('@'));
  const entry = (file: string) => data.lookup(`${FOLDER}/${file}`);
  const links = files.filter((it) => entry(it)?.type === 'symlink');
  return files
    .filter((it) => entry(it)?.type === 'file')
    .map((name) => {
      const entries = parseUnit(data.read(`${FOLDER}/${name}`).toString('utf8'));
      const aliases = entries.filter((it) => it.key === 'Alias').flatMap((it) => splitUnitWords(it.value));
      const linked = links.filter((it) => entry(it)?.target?.split('/').at(-1) === name);
      return { name, entries, names: [name, ...aliases, ...linked].map((it) => it.replace(/\.service$/, '')) };
    });
}

function runsOn({ entries }: Candidate): boolean {
  return unitValue(entries, 'Service', 'Type') !== 'oneshot';
}

function rank(candidate: Candidate, stems: readonly string[]): number {
  const { entries, names } = candidate;
  const place = stems.findIndex((it) => names.includes(it));
  const isEnabled = entries.some((it) => it.section === 'Install' && it.key === 'WantedBy');
  return (place < 0 ? 0 : 100 - place) + (runsOn(candidate) ? 2 : 0) + (isEnabled ? 1 : 0);
}
