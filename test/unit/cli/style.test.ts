import { expect, test } from 'vitest';
import { formatBytes, formatDuration, styleFor, table } from '../../../src/cli/style.ts';

test.each([
  { value: 0, want: '0 B' },
  { value: 1023, want: '1023 B' },
  { value: 1024, want: '1.0 KiB' },
  { value: 34 * 2 ** 20, want: '34.0 MiB' },
  { value: 5 * 2 ** 40, want: '5.0 TiB' },
])('$value bytes are $want', ({ value, want }) => expect(formatBytes(value)).toBe(want));

test.each([
  { value: 40, want: '0.0 s' },
  { value: 12_340, want: '12.3 s' },
  { value: 125_000, want: '2 min 05 s' },
])('$value ms are $want', ({ value, want }) => expect(formatDuration(value)).toBe(want));

test.each([
  { summary: 'a terminal', tty: true, env: {}, want: true },
  { summary: 'a pipe', tty: false, env: {}, want: false },
  { summary: 'a terminal with NO_COLOR', tty: true, env: { NO_COLOR: '1', FORCE_COLOR: '1' }, want: false },
  { summary: 'a pipe with FORCE_COLOR', tty: false, env: { FORCE_COLOR: '1' }, want: true },
  { summary: 'a dumb terminal', tty: true, env: { TERM: 'dumb' }, want: false },
])('colours on $summary: $want', ({ tty, env, want }) => {
  expect(styleFor({ isTTY: tty }, env).isColorSupported).toBe(want);
});

test('columns are as wide as their widest cell, escapes not counted', () => {
  const plain = styleFor({}, { NO_COLOR: '1' });
  const rows = [
    ['\x1b[32mab\x1b[39m', '5'],
    ['abcd', '1234'],
  ];
  expect(table(['name', 'size>'], rows, plain)).toEqual(['name  size', '\x1b[32mab\x1b[39m       5', 'abcd  1234']);
});
