import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', 'golden');

/** Compares text with a file below test/golden; with UPDATE=1 in the environment it writes the file instead. */
export function expectGolden(name: string, lines: readonly string[]): void {
  const path = join(FOLDER, name);
  const text = `${lines.join('\n')}\n`;
  if (process.env.UPDATE === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}
