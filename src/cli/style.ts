import picocolors from 'picocolors';

/** Colours, or none where the output is not a terminal or NO_COLOR is set. */
export type Style = ReturnType<typeof picocolors.createColors>;

/** NO_COLOR wins over everything, then FORCE_COLOR, then whether the stream is a terminal. */
export function styleFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Style {
  if (environment.NO_COLOR) return picocolors.createColors(false);
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  return picocolors.createColors(forced || (stream.isTTY === true && environment.TERM !== 'dumb'));
}

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `0.4 s`, `2 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

const ESCAPES = /\x1b\[[0-9;]*m/g;

/** Columns aligned on their widest cell; columns whose heading ends in `>` are aligned to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], style: Style): string[] {
  const right = headings.map((it) => it.endsWith('>'));
  const titles = headings.map((it) => it.replace(/>$/, ''));
  const width = (text: string) => text.replace(ESCAPES, '').length;
  const widths = titles.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - width(cell));
        return right[column] ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [style.dim(line(titles)), ...rows.map(line)];
}
