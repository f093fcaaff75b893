import { expect, test } from 'vitest';
import { plainProgress, progressFor } from '../../../src/cli/progress.ts';
import { styleFor } from '../../../src/cli/style.ts';

function recorder(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, write: (text: string) => void written.push(text), text: () => written.join('') };
}

const plain = styleFor({}, { NO_COLOR: '1' });

test('in a pipe, work is told at most every five seconds and when it ends', () => {
  const stream = recorder(false);
  let now = 0;
  const progress = plainProgress(stream, () => now);
  progress.step('Bake');
  for (now = 0; now < 12_000; now += 1_000) progress.advance('packages', now / 1_000, 12);
  progress.advance('packages', 12, 12);
  progress.note('done');
  expect(stream.text()).toBe('Bake\n  packages: 5 of 12\n  packages: 10 of 12\n  packages: 12 of 12\n  done\n');
});

test('quiet says nothing', () => {
  const stream = recorder(true);
  const progress = progressFor(stream, plain, true);
  progress.step('Bake');
  progress.note('x');
  progress.advance('y', 1, 2);
  progress.close();
  expect(stream.text()).toBe('');
});

test('on a terminal one live line is drawn over, and is gone in the end', () => {
  const stream = recorder(true);
  const progress = progressFor(stream, plain, false);
  progress.step('Bake');
  progress.advance('packages', 512, 1024, 'bytes');
  progress.note('unpacked');
  progress.step('Validate');
  progress.close();
  const lines = stream
    .text()
    .split('\n')
    .map((line) => line.split('\r\x1b[K').at(-1));
  expect(lines).toEqual([
    '  unpacked',
    expect.stringMatching(/^✓ Bake {2}\d/),
    expect.stringMatching(/^✓ Validate {2}\d/),
    '',
  ]);
});
