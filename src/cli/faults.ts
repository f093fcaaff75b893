import { type ErrorCode, exitStatusOf, KilnError } from '../model/error.ts';

/** Exit status of something that Kiln promised and did not keep (sysexits.h, EX_SOFTWARE). */
const BROKEN = 70;
const INTERRUPTED = 130;

export interface RenderedFault {
  readonly status: number;
  /** For people, on standard error. */
  readonly lines: readonly string[];
  /** For machines, on standard output with `--json`. */
  readonly data: { readonly error: { code: string; message: string; hint?: string } };
}

/** What is said of anything thrown: what and where, and what to do. A stack trace only where KILN_DEBUG is set. */
export function renderFault(thrown: unknown, interrupted: boolean, debug = process.env.KILN_DEBUG): RenderedFault {
  if (interrupted) return rendered(INTERRUPTED, 'INTERRUPTED', 'stopped', undefined);
  const fault = toFault(thrown);
  const trace = debug && thrown instanceof Error ? (thrown.stack ?? '').split('\n') : [];
  if (fault) return rendered(exitStatusOf[fault.code], fault.code, fault.message, fault.hint, trace);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const said = message.startsWith('internal: ') ? message : `internal: ${message}`;
  return rendered(BROKEN, 'INTERNAL', said, 'this is a fault of Kiln; KILN_DEBUG=1 shows where', trace);
}

function rendered(
  status: number,
  code: string,
  message: string,
  hint: string | undefined,
  trace: readonly string[] = [],
): RenderedFault {
  const [first, ...more] = message.split('\n');
  const hints = hint === undefined ? [] : hint.split('\n').map((it) => `  hint: ${it}`);
  const lines = [`kiln: ${first}`, ...more.map((it) => `  ${it}`), ...hints, ...trace.map((it) => `  ${it}`)];
  return { status, lines, data: { error: { code, message, ...(hint === undefined ? {} : { hint }) } } };
}

/** Node's own errors that a user can do something about. */
const SYSTEM_FAULTS: Readonly<Record<string, [ErrorCode, string]>> = {
  ENOSPC: ['NO_SPACE', 'make room and run it again; what was done is kept'],
  EDQUOT: ['NO_SPACE', 'make room and run it again; what was done is kept'],
  EACCES: ['HOST_NOT_READY', 'run it as root, or choose another folder with KILN_HOME'],
  EPERM: ['HOST_NOT_READY', 'run it as root'],
  EROFS: ['HOST_NOT_READY', 'choose a folder that can be written with KILN_HOME'],
  EMFILE: ['HOST_NOT_READY', 'raise the limit on open files: ulimit -n 4096'],
};

function toFault(thrown: unknown): KilnError | undefined {
  if (thrown instanceof KilnError) return thrown;
  const { code, message, path } = thrown as NodeJS.ErrnoException;
  const known = SYSTEM_FAULTS[code ?? ''];
  if (!known) return undefined;
  const what = (message ?? '').replace(/^[A-Z]+: /, '');
  return new KilnError(known[0], path && !what.includes(path) ? `${what}: ${path}` : what, { hint: known[1] });
}
