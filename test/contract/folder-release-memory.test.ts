import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderMemory } from '../../src/adapters/local/apt/release-memory.ts';
import { releaseMemoryContract } from './release-memory.ts';

releaseMemoryContract('folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-memory-'));
  return {
    open: () => folderMemory(folder, join(folder, 'temporary')),
    damage: async (name) => writeFileSync(join(folder, name, 'seen.json'), '{"date": '),
  };
});
