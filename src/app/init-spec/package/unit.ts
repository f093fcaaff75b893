import { asksForManager } from '../../../baker/runtime/manager-only.ts';
import { INIT_SCRIPTS, initScriptUnit } from '../../../formats/system/sysv-unit.ts';
import { parseUnit, splitUnitWords, type UnitEntry, unitValue, unitValues } from '../../../formats/system/unit.ts';
import { startsNothing } from '../../../formats/system/unit-files.ts';
import type { DebContents } from '../../../ports/package-source.ts';

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

export interface ChosenUnit {
  readonly unit: string;
  /** Those that people might have meant. */
  readonly others: readonly string[];
  /** It is no oneshot. */
  readonly runsOn: boolean;
  /** It only stands for others, such as instances of a template. */
  readonly standsForOthers: boolean;
  /** What it asks of the init that only systemd does, such as `Requires=app.socket`. */
  readonly asksForManager: readonly string[];
}

/**
 * The service that a person would start: of one of the `stems` by name or alias, else one that runs on and is enabled by itself.
 * An init script is one where no unit has its name. Undefined where there is none.
 */
export function chooseUnit(contents: readonly DebContents[], stems: readonly string[]): ChosenUnit | undefined {
  const candidates = contents.flatMap((it) => [...unitsOf(it), ...scriptsOf(it, contents)]);
  const best = candidates.toSorted(
    (a, b) => rank(b, stems) - rank(a, stems) || helpers(b, candidates) - helpers(a, candidates),
  )[0];
  // A oneshot of another name only helps what is meant, which is a template's instance or a program.
  if (best === undefined || (!runsOn(best) && !stems.some((it) => best.names.includes(it)))) return undefined;
  return {
    unit: best.name,
    others: candidates.filter((it) => it !== best).map((it) => it.name),
    runsOn: runsOn(best),
    standsForOthers: startsNothing(best),
    asksForManager: asksForManager(best.entries, best.name),
  };
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
      // It starts in one role of several, so that being called like the package says nothing.
      if (unitValue(entries, 'Service', 'ExecCondition') !== undefined) return { name, entries, names: [stemOf(name)] };
      return { name, entries, names: [name, ...aliases, ...linked].map(stemOf) };
    });
}

/** Init scripts that no unit of any of the packages hides. */
function scriptsOf({ data }: DebContents, contents: readonly DebContents[]): Candidate[] {
  const isHidden = (script: string) =>
    contents.some((it) => it.data.lookup(`${FOLDER}/${script}.service`) !== undefined);
  const scripts = data.list(INIT_SCRIPTS).filter((it) => data.lookup(`${INIT_SCRIPTS}/${it}`)?.type === 'file');
  return scripts
    .filter((it) => !isHidden(it))
    .map((it) => {
      const path = `${INIT_SCRIPTS}/${it}`;
      const entries = initScriptUnit(data.read(path).toString('utf8'), path);
      return { name: `${it}.service`, entries, names: [it] };
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

/** Paths without which the unit does not start (systemd.unit(5), Conditions and Asserts), and that no package brings. */
export function filesAwaited(contents: readonly DebContents[], unit: string): string[] {
  const path = `${FOLDER}/${unit}`;
  const texts = contents.flatMap(({ data }) =>
    data.lookup(path)?.type === 'file' ? [data.read(path).toString('utf8')] : [],
  );
  return texts
    .flatMap((text) => parseUnit(text))
    .filter(({ section, key }) => section === 'Unit' && /^(Condition|Assert)(PathExists|FileNotEmpty)$/.test(key))
    .map(({ value }) => value)
    .filter((it) => /^\/(etc|usr|opt|srv|var\/lib)\/[^*?[%]+$/.test(it))
    .filter((it) => !contents.some(({ data }) => data.lookup(it)) && !isMade(contents, it));
}

/** A script of a package names it: it may be made there. */
function isMade(contents: readonly DebContents[], path: string): boolean {
  return contents.some(({ control }) => control.get('postinst')?.toString('utf8').includes(path));
}

/** How many of the others it says that it starts after: these only help it. */
function helpers({ entries }: Candidate, candidates: readonly Candidate[]): number {
  const after = unitValues(entries, 'Unit', 'After').flatMap(({ value }) => splitUnitWords(value));
  return candidates.filter(({ name }) => after.includes(name)).length;
}

function stemOf(unit: string): string {
  return unit.replace(/\.service$/, '');
}
