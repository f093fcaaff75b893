import type { Advisory, AffectedRange } from '../../model/advisory.ts';
import { compareVersions } from '../debian/version.ts';
import { memoise } from '../memoise.ts';

/** Advisories by the name of the source package that they speak of. */
export type AdvisoryIndex = ReadonlyMap<string, readonly Advisory[]>;

/** One advisory that a version falls under. */
export interface Match {
  readonly advisory: Advisory;
  /** First version without it; undefined where there is none. */
  readonly fixedIn?: string;
}

/**
 * Advisories of several files as one index. Of two that speak of the same vulnerability, source package and release, that of the later
 * file stands: so a domain may grade anew what the distribution graded.
 */
export function indexAdvisories(files: readonly (readonly Advisory[])[]): AdvisoryIndex {
  const index = new Map<string, Advisory[]>();
  for (const advisories of files) {
    const stated = new Set<string>();
    const several = files.length > 1;
    if (several) for (const it of advisories) stated.add(identity(it));
    if (several && index.size > 0) drop(index, advisories, stated);
    for (const it of advisories) {
      const known = index.get(it.source);
      if (known) known.push(it);
      else index.set(it.source, [it]);
    }
  }
  for (const advisories of index.values()) advisories.sort(byId);
  return index;
}

const byId = (a: Advisory, b: Advisory): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const identity = ({ id, source, release = '' }: Advisory): string => `${source} ${id} ${release}`;

function drop(index: Map<string, Advisory[]>, advisories: readonly Advisory[], stated: ReadonlySet<string>): void {
  for (const source of new Set(advisories.map((it) => it.source))) {
    const known = index.get(source);
    if (known)
      index.set(
        source,
        known.filter((it) => !stated.has(identity(it))),
      );
  }
}

/** Which advisories a version of a source package falls under, in the order of their identifiers. */
export type Matcher = (source: string, version: string) => readonly Match[];

const matchers = new WeakMap<AdvisoryIndex, Map<string, Matcher>>();

/** Asks an index about packages of a release. Answers are kept as long as the index: many images have the same packages. */
export function matcher(index: AdvisoryIndex, release: string): Matcher {
  const ofIndex = matchers.get(index) ?? new Map<string, Matcher>();
  matchers.set(index, ofIndex);
  const known = ofIndex.get(release) ?? makeMatcher(index, release);
  ofIndex.set(release, known);
  return known;
}

function makeMatcher(index: AdvisoryIndex, release: string): Matcher {
  const known = new Map<string, (version: string) => readonly Match[]>();
  for (const [source, advisories] of index) {
    const concerned = advisories.filter((it) => it.release === undefined || it.release === release);
    if (concerned.length > 0)
      known.set(
        source,
        memoise((version) => matchesOf(concerned, version)),
      );
  }
  return (source, version) => known.get(source)?.(version) ?? [];
}

function matchesOf(advisories: readonly Advisory[], version: string): Match[] {
  const found: Match[] = [];
  for (const advisory of advisories) {
    const range = advisory.ranges.find((it) => isWithin(version, it));
    if (range) found.push(range.fixed === undefined ? { advisory } : { advisory, fixedIn: range.fixed });
  }
  return found;
}

function isWithin(version: string, { introduced, fixed, lastAffected }: AffectedRange): boolean {
  if (introduced !== undefined && compareVersions(version, introduced) < 0) return false;
  if (fixed !== undefined) return compareVersions(version, fixed) < 0;
  return lastAffected === undefined || compareVersions(version, lastAffected) <= 0;
}
