import type { Progress } from '../ports/progress.ts';
import { silent } from '../ports/progress.ts';
import { formatBytes, formatDuration, type Style } from './style.ts';

/** A progress that is told which step runs, and that gives the terminal back in the end. */
export interface CommandProgress extends Progress {
  step(name: string): void;
  close(): void;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Live lines on a terminal, plain lines elsewhere, nothing when quiet. */
export function progressFor(stream: ProgressStream, style: Style, quiet: boolean): CommandProgress {
  if (quiet) return { ...silent, step() {}, close() {} };
  return stream.isTTY ? liveProgress(stream, style) : plainProgress(stream);
}

const PLAIN_INTERVAL_MS = 5_000;

/** One line for each event; work in progress at most every five seconds, and when it ends. */
export function plainProgress(stream: ProgressStream, now: () => number = Date.now): CommandProgress {
  const told = new Map<string, number>();
  return {
    step: (name) => void stream.write(`${name}\n`),
    note: (text) => void stream.write(`  ${text}\n`),
    advance(work, done, total, unit = 'items') {
      const ended = done >= total;
      const last = told.get(work) ?? now();
      if (!told.has(work)) told.set(work, last);
      if (!ended && now() - last < PLAIN_INTERVAL_MS) return;
      if (ended) told.delete(work);
      else told.set(work, now());
      stream.write(`  ${work}: ${amount(done, total, unit)}\n`);
    },
    close() {},
  };
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** Events as lines, and below them one line that says what is being done now and for how long. */
function liveProgress(stream: ProgressStream, style: Style): CommandProgress {
  let current: { step: string; since: number } | undefined;
  let work = '';
  let frame = 0;
  const erase = () => stream.write('\r\x1b[K');
  const draw = () => {
    if (!current) return;
    const spent = formatDuration(Date.now() - current.since);
    const text = `${current.step}  ${spent}${work ? `  ${work}` : ''}`;
    const room = (stream.columns ?? 80) - 3;
    stream.write(`\r\x1b[K${style.cyan(FRAMES[frame++ % FRAMES.length]!)} ${text.slice(0, room)}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const line = (text: string) => {
    erase();
    stream.write(`${text}\n`);
    draw();
  };
  const endStep = () => {
    if (!current) return;
    const { step, since } = current;
    current = undefined;
    line(`${style.green('✓')} ${step}  ${style.dim(formatDuration(Date.now() - since))}`);
  };
  return {
    step(name) {
      endStep();
      current = { step: name, since: Date.now() };
      work = '';
      draw();
    },
    note: (text) => line(`  ${style.dim(text)}`),
    advance(what, done, total, unit = 'items') {
      current ??= { step: what, since: Date.now() };
      work =
        done >= total
          ? ''
          : `${what === current.step ? '' : `${what} `}${bar(done, total)} ${amount(done, total, unit)}`;
      if (done >= total && current.step === what) endStep();
    },
    close() {
      clearInterval(timer);
      endStep();
      erase();
    },
  };
}

function bar(done: number, total: number): string {
  const filled = total > 0 ? Math.min(12, Math.round((12 * done) / total)) : 0;
  return '█'.repeat(filled) + '░'.repeat(12 - filled);
}

function amount(done: number, total: number, unit: 'bytes' | 'items'): string {
  return unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
}
