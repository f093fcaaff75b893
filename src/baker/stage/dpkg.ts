import { KilnError } from '../../model/error.ts';
import type { IsolatedRoot, IsolatedRunResult } from '../../ports/isolated-root.ts';
import type { Progress } from '../../ports/progress.ts';
import { noSpace } from '../tree/no-space.ts';

/** Where the .debs are seen inside the root. */
const DEBS = '/run/kiln/debs';
const OPTIONS = '--force-unsafe-io --force-confdef --force-confold';
/** Lines of a failed script that its fault shows. */
const SHOWN_LINES = 20;
/** The slowest of Debian's own scripts take seconds; one that waits for an answer or for the network waits for ever. */
const TIME_LIMIT_MS = 30 * 60_000;

export interface DpkgRequest {
  readonly root: string;
  /** Folder with the .debs, named as in `phases`. */
  readonly debs: string;
  /** File names; a phase is unpacked, then configured. */
  readonly phases: readonly (readonly string[])[];
  /** Folder with `policy-rc.d` and `start-stop-daemon`, which start nothing. */
  readonly stubs: string;
  /** Unpack only, and let relations be: for a base that does not hold together yet. */
  readonly unpackOnly?: boolean;
  readonly sourceDateEpoch: number;
  readonly signal?: AbortSignal;
}

export interface DpkgPorts {
  readonly isolation: IsolatedRoot;
  readonly progress: Progress;
}

/**
 * Unpacks and configures packages by the root's own dpkg, isolated, with nothing asked and no service started. Throws
 * CONFIGURE_FAILED with the package and the end of what it said, NO_SPACE, INTERRUPTED.
 */
export async function runDpkg(request: DpkgRequest, ports: DpkgPorts, work: string): Promise<void> {
  const stubs = request.unpackOnly
    ? ['/usr/sbin/policy-rc.d']
    : ['/usr/sbin/policy-rc.d', '/usr/sbin/start-stop-daemon'];
  const result = await ports.isolation.run(request.root, ['/usr/bin/sh', '-e', '-s'], {
    input: request.phases.map((phase) => script(phase, request.unpackOnly ?? false)).join('\n'),
    binds: [
      { source: request.debs, target: DEBS },
      ...stubs.map((target) => ({ source: `${request.stubs}/${target.split('/').at(-1)}`, target })),
    ],
    environment: environment(request.sourceDateEpoch),
    onLine: counter(request, ports.progress, work),
    timeoutMs: TIME_LIMIT_MS,
    signal: request.signal,
  });
  if (result.timedOut) throw hanging(result);
  if (result.exitStatus !== 0) throw failure(result);
}

function script(phase: readonly string[], unpackOnly: boolean): string {
  const paths = phase.map((name) => `${DEBS}/${name}`).join(' ');
  if (unpackOnly) return `dpkg ${OPTIONS} --force-depends --unpack ${paths} < /dev/null 2>&1`;
  const unpack = phase.length > 0 ? `dpkg ${OPTIONS} --unpack ${paths} < /dev/null 2>&1\n` : '';
  return `${unpack}dpkg ${OPTIONS} --configure --pending < /dev/null 2>&1`;
}

function environment(epoch: number): Record<string, string> {
  return {
    DEBIAN_FRONTEND: 'noninteractive',
    DEBCONF_NONINTERACTIVE_SEEN: 'true',
    DEBCONF_NOWARNINGS: 'yes',
    LANG: 'C.UTF-8',
    PYTHONHASHSEED: '0',
    SOURCE_DATE_EPOCH: String(epoch),
    TMPDIR: '/tmp',
  };
}

function counter({ phases, unpackOnly }: DpkgRequest, progress: Progress, work: string): (line: string) => void {
  const total = phases.flat().length * (unpackOnly ? 1 : 2);
  let done = 0;
  return (line) => {
    if (!/^(?:Unpacking|Setting up) /.test(line) || done >= total) return;
    done += 1;
    progress.advance(work, done, total, 'items');
  };
}

/** What dpkg's output says of its failure. */
export function failure(result: Pick<IsolatedRunResult, 'exitStatus' | 'stdout' | 'stderr'>): KilnError {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  const culprit = findCulprit(lines);
  if (lines.some((line) => line.includes('No space left on device'))) {
    return noSpace(culprit ? `unpacking or configuring ${culprit.name}` : 'unpacking packages');
  }
  const what = culprit
    ? `${culprit.name} could not be ${culprit.action}: ${culprit.reason}`
    : `dpkg ended with status ${result.exitStatus}`;
  const said = (culprit ? culprit.said : lines).slice(-SHOWN_LINES);
  return new KilnError('CONFIGURE_FAILED', [what, ...said.map((line) => `  | ${line}`)].join('\n'), {
    hint: 'what the package’s script said is above; it ran without network and without services',
  });
}

function hanging({ stdout }: Pick<IsolatedRunResult, 'stdout'>): KilnError {
  const lines = stdout.split('\n').filter(Boolean).slice(-SHOWN_LINES);
  const said = ['packages were not configured within 30 minutes', ...lines.map((line) => `  | ${line}`)];
  return new KilnError('CONFIGURE_FAILED', said.join('\n'), {
    hint: 'the last package named above has a script that waits for something that it cannot have here',
  });
}

interface Culprit {
  readonly name: string;
  readonly action: 'unpacked' | 'configured';
  readonly reason: string;
  readonly said: readonly string[];
}

/** The first package that failed by itself: the others only depend on it. */
function findCulprit(lines: readonly string[]): Culprit | undefined {
  for (const [index, line] of lines.entries()) {
    const match = /^dpkg: error processing (package|archive) (\S+)/.exec(line);
    const reason = lines[index + 1]?.trim() ?? '';
    if (!match || reason.startsWith('dependency problems')) continue;
    const before = lines.slice(0, index);
    const start = before.findLastIndex((it) =>
      /^(?:Setting up|Unpacking|Preparing to unpack|Processing triggers for) /.test(it),
    );
    const action = match[1] === 'archive' ? 'unpacked' : 'configured';
    return { name: match[2]!.replace(/^.*\/|\.deb$/g, ''), action, reason, said: before.slice(start + 1) };
  }
  return undefined;
}
