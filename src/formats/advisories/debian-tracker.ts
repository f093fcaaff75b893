import type { Advisory, AffectedRange } from '../../model/advisory.ts';
import { type Place, recordAt, textAt, versionAt, Wrong, within } from './check.ts';
import { gradeOfWord } from './grade.ts';

const STATES = ['open', 'resolved', 'undetermined'];

/** What the JSON of Debian's security tracker says: source package, then vulnerability, then release. Throws `Wrong`. */
export function advisoriesOfTracker(value: unknown): Advisory[] {
  const found: Advisory[] = [];
  for (const [source, vulnerabilities] of Object.entries(recordAt(value, () => [], 'the file'))) {
    for (const [id, entry] of Object.entries(recordAt(vulnerabilities, () => [source], 'a package'))) {
      const place = () => [source, id];
      if (id === '') throw new Wrong(place(), 'a vulnerability has no identifier');
      const releases = within(place, 'releases');
      const { releases: states } = recordAt(entry, place, 'a vulnerability');
      for (const [release, state] of Object.entries(recordAt(states, releases, 'releases'))) {
        const range = rangeOf(recordAt(state, within(releases, release), 'a release'), within(releases, release));
        const { urgency } = state as { urgency?: unknown };
        if (range) found.push({ id, source, release, grade: gradeOfWord(urgency), ranges: [range] });
      }
    }
  }
  return found;
}

/** What is affected in a release; undefined where nothing is. */
function rangeOf(state: Record<string, unknown>, place: Place): AffectedRange | undefined {
  const status = textAt(state.status, within(place, 'status'), 'status');
  if (!STATES.includes(status))
    throw new Wrong([...place(), 'status'], `status ${status} is none of ${STATES.join(', ')}`);
  if (status !== 'resolved') return {};
  const fixed = versionAt(state.fixed_version, within(place, 'fixed_version'), 'fixed_version');
  // 0 is the tracker's way to say that the release never had it.
  return fixed === '0' ? undefined : { fixed };
}
