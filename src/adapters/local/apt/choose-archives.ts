import type { AptArchive } from '../../../formats/debian/apt-sources.ts';
import { KilnError } from '../../../model/error.ts';
import type { AptSource } from '../../../model/spec.ts';
import type { IndexRequest } from '../../../ports/package-source.ts';

/** One suite to read, and what of it. */
export interface ChosenArchive extends AptArchive {
  /** Priority that the spec gives it. */
  readonly priority?: number;
  /** Taken only if its Release says `Origin: Debian` and the release's codename. */
  readonly onlyDebian: boolean;
}

/** Suites that stand for another codename as time goes by. */
const ALIASES = ['stable', 'oldstable', 'oldoldstable', 'testing', 'unstable', 'proposed-updates', 'experimental'];

/**
 * Archives that a request is about: the spec's own, or those of the machine whose suite may be of the release. What they
 * truly are, their signed Release tells. Throws CONFIG_INVALID when there is none.
 */
export function chooseArchives(request: IndexRequest, machine: readonly AptArchive[]): ChosenArchive[] {
  const usable = machine.filter(
    (it) => !it.suite.endsWith('/') && (it.architectures?.includes(request.architecture) ?? true),
  );
  const chosen = request.sources
    ? request.sources.flatMap((source) => source.suites.map((suite) => ofSpec(source, suite, request.release, usable)))
    : usable.filter(({ suite }) => maybeOf(request.release, suite)).map((it) => ({ ...it, onlyDebian: true }));
  if (chosen.length > 0) return withoutRepeats(chosen);
  throw new KilnError(
    'CONFIG_INVALID',
    `no apt source of this machine is for ${request.release} ${request.architecture}`,
    {
      hint: `add one to /etc/apt/sources.list.d, or name sources in the spec (os.sources)`,
    },
  );
}

function maybeOf(release: string, suite: string): boolean {
  const first = suite.replace(/[-/].*$/, '');
  return first === release || ALIASES.includes(first);
}

/** A source of the spec; what it leaves out is what the machine says of that suite, or else of the release. */
function ofSpec(source: AptSource, suite: string, release: string, machine: readonly AptArchive[]): ChosenArchive {
  const uri = source.uri === undefined ? undefined : `${source.uri.replace(/\/+$/, '')}/`;
  const like =
    machine.find((it) => it.suite === suite && (uri === undefined || it.uri === uri)) ??
    machine.find((it) => (uri === undefined ? it.suite === release : it.uri === uri));
  if (uri === undefined && !like) {
    throw new KilnError(
      'CONFIG_INVALID',
      `os.sources names ${suite} without a uri, and no apt source of this machine has it`,
      {
        hint: 'add uri to the source in the spec, or the suite to /etc/apt/sources.list.d',
      },
    );
  }
  return {
    uri: uri ?? like!.uri,
    suite,
    components: source.components,
    signedBy: source.signedBy ? { files: [source.signedBy], fingerprints: [] } : like?.signedBy,
    where: 'os.sources',
    priority: source.priority,
    onlyDebian: false,
  };
}

/** Sources that name a suite twice are one, with the components of both. */
function withoutRepeats(archives: readonly ChosenArchive[]): ChosenArchive[] {
  const merged = new Map<string, ChosenArchive>();
  for (const archive of archives) {
    const key = `${archive.uri} ${archive.suite}`;
    const before = merged.get(key);
    const components = [...new Set([...(before?.components ?? []), ...archive.components])];
    merged.set(key, { ...(before ?? archive), components });
  }
  return [...merged.values()];
}
