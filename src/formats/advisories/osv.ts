import type { Advisory, AffectedRange, Grade } from '../../model/advisory.ts';
import { compareVersions } from '../debian/version.ts';
import { listAt, type Place, recordAt, textAt, versionAt, Wrong, within } from './check.ts';
import { baseScore, gradeOfScore } from './cvss.ts';
import { gradeOfWord } from './grade.ts';

const CODENAMES: Readonly<Record<string, string>> = {
  '10': 'buster',
  '11': 'bullseye',
  '12': 'bookworm',
  '13': 'trixie',
  '14': 'forky',
};

/** What a record in the OSV format (schema 1.x) says of Debian's source packages; one that was withdrawn says nothing. Throws `Wrong`. */
export function advisoriesOfOsv(value: unknown, place: Place): Advisory[] {
  const record = recordAt(value, place, 'an advisory');
  const id = textAt(record.id, within(place, 'id'), 'id');
  if (record.withdrawn !== undefined) return [];
  const names = [
    ...listAt(record.aliases, within(place, 'aliases'), 'aliases'),
    ...listAt(record.upstream, place, 'upstream'),
  ];
  const others = names.filter((it): it is string => typeof it === 'string');
  return listAt(record.affected, within(place, 'affected'), 'affected').flatMap((it, index) =>
    affected(it, within(place, 'affected', index), named(id, others), record),
  );
}

type Named = Pick<Advisory, 'id' | 'aliases'>;

/** One CVE is what everybody calls it; a notice about several keeps its own name. */
function named(id: string, others: readonly string[]): Named {
  const cves = [...new Set([id, ...others].filter((it) => it.startsWith('CVE-')))];
  const chosen = cves.length === 1 ? cves[0]! : id;
  const aliases = [...new Set([id, ...others])].filter((it) => it !== chosen);
  return aliases.length > 0 ? { id: chosen, aliases } : { id: chosen };
}

function affected(value: unknown, place: Place, name: Named, record: Record<string, unknown>): Advisory[] {
  const part = recordAt(value, place, 'an affected package');
  const of = recordAt(part.package, within(place, 'package'), 'package');
  const ecosystem = textAt(of.ecosystem, within(place, 'package', 'ecosystem'), 'ecosystem');
  const [family, number] = ecosystem.split(':');
  if (family !== 'Debian') return [];
  const source = textAt(of.name, within(place, 'package', 'name'), 'name');
  const release = number === undefined ? {} : { release: CODENAMES[number] ?? number };
  const ranges = rangesOf(part, place);
  return [{ ...name, source, ...release, grade: gradeOf(part, record), ranges }];
}

function rangesOf(part: Record<string, unknown>, place: Place): AffectedRange[] {
  const ranges = listAt(part.ranges, within(place, 'ranges'), 'ranges').flatMap((it, index) =>
    rangeOf(recordAt(it, within(place, 'ranges', index), 'a range'), within(place, 'ranges', index)),
  );
  if (ranges.length > 0) return ranges;
  const versions = listAt(part.versions, within(place, 'versions'), 'versions').map((it, index) =>
    versionAt(it, within(place, 'versions', index), 'version'),
  );
  if (versions.length === 0) throw new Wrong(place(), 'neither a range nor a version is affected');
  return versions.map((version) => ({ introduced: version, lastAffected: version }));
}

interface Event {
  readonly kind: 'introduced' | 'fixed' | 'last_affected';
  readonly version: string;
}

function rangeOf(range: Record<string, unknown>, place: Place): AffectedRange[] {
  // Commits of a repository are no versions.
  if (range.type === 'GIT') return [];
  const events = listAt(range.events, within(place, 'events'), 'events').flatMap((it, index) =>
    eventsOf(recordAt(it, within(place, 'events', index), 'an event'), within(place, 'events', index)),
  );
  if (!events.some((it) => it.kind === 'introduced')) throw new Wrong(place(), 'no event of the range says introduced');
  return pairs(events.sort((a, b) => compareIntroduced(a.version, b.version)));
}

const compareIntroduced = (a: string, b: string): number =>
  a === '0' ? (b === '0' ? 0 : -1) : b === '0' ? 1 : compareVersions(a, b);

function eventsOf(event: Record<string, unknown>, place: Place): Event[] {
  const found = (['introduced', 'fixed', 'last_affected'] as const).filter((kind) => event[kind] !== undefined);
  if (found.length === 0 && event.limit === undefined)
    throw new Wrong(place(), 'an event says introduced, fixed or last_affected');
  return found.map((kind) => ({ kind, version: versionAt(event[kind], within(place, kind), kind) }));
}

/** Sorted events, put together from each `introduced` to what ends it. */
function pairs(events: readonly Event[]): AffectedRange[] {
  const ranges: AffectedRange[] = [];
  let open: AffectedRange | undefined;
  for (const { kind, version } of events) {
    if (kind === 'introduced') open ??= version === '0' ? {} : { introduced: version };
    else if (open) {
      ranges.push({ ...open, ...(kind === 'fixed' ? { fixed: version } : { lastAffected: version }) });
      open = undefined;
    }
  }
  return open ? [...ranges, open] : ranges;
}

/** A score says more than a word, and what is said of the package more than what is said of all. */
function gradeOf(part: Record<string, unknown>, record: Record<string, unknown>): Grade {
  const scores = [part.severity, record.severity].flatMap((it) => (Array.isArray(it) ? it.filter(Boolean) : []));
  for (const { score } of scores as { score?: unknown }[]) {
    const base = typeof score === 'string' ? baseScore(score) : undefined;
    if (base !== undefined) return gradeOfScore(base);
  }
  const words = [part.ecosystem_specific, part.database_specific, record.database_specific].flatMap((it) => {
    const { severity, urgency } = (it ?? {}) as { severity?: unknown; urgency?: unknown };
    return [severity, urgency, ...(scores as { score?: unknown }[]).map(({ score }) => score)];
  });
  return words.map(gradeOfWord).find((it) => it !== 'unknown') ?? 'unknown';
}
