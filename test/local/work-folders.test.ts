import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { claimWork, sweepWork } from '../../src/adapters/local/work-folders.ts';

const parent = mkdtempSync(join(tmpdir(), 'kiln-work-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

test('a folder is its process’s until that ends, by SIGKILL too; what is claimed again begins empty', async () => {
  const adapter = fileURLToPath(new URL('../../src/adapters/local/work-folders.ts', import.meta.url));
  const program = `import { claimWork } from ${JSON.stringify(adapter)};
    claimWork(${JSON.stringify(parent)}, 'theirs'); console.log('claimed'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => other.stdout.once('data', resolve));
  writeFileSync(join(claimWork(parent, 'mine'), 'file'), 'x');
  mkdirSync(join(parent, 'nobodys'));
  expect(sweepWork(parent)).toEqual(['nobodys']);
  expect(readdirSync(parent).toSorted()).toEqual(['mine', 'theirs']);

  const ended = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await ended;
  expect(sweepWork(parent)).toEqual(['theirs']);
  expect(existsSync(join(claimWork(parent, 'mine'), 'file'))).toBe(false);
});

test('a folder that is not there has nothing to sweep', () => {
  expect(sweepWork(join(parent, 'nothing'))).toEqual([]);
});
