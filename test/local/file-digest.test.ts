import { createHash, randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestOfFile } from '../../src/adapters/local/file-digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-digest-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MIB = 1 << 20;
const piece = (bytes: number) => randomBytes(bytes);
const rows = [
  { summary: 'empty', size: 0, data: [] },
  { summary: 'small', size: 5, data: [{ at: 0, bytes: piece(5) }] },
  { summary: 'all hole', size: 80 * MIB + 13, data: [] },
  { summary: 'data at both ends', size: 80 * MIB, data: [0, 80 * MIB - 7].map((at) => ({ at, bytes: piece(7) })) },
  {
    summary: 'data between holes, and a ragged end',
    size: 70 * MIB + 1,
    data: [3 * MIB + 5, 40 * MIB].map((at) => ({ at, bytes: piece(2 * MIB + 11) })),
  },
];

test.each(rows)('the digest of a sparse file is that of its bytes: $summary', async ({ summary, size, data }) => {
  const path = join(folder, summary);
  const file = openSync(path, 'w');
  for (const { at, bytes } of data) writeSync(file, bytes, 0, bytes.length, at);
  ftruncateSync(file, size);
  closeSync(file);
  expect(statSync(path).size).toBe(size);
  expect(await digestOfFile(path)).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
});
