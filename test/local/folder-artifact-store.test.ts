import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderArtifactStore } from '../../src/adapters/local/folder-artifact-store.ts';
import { artifactStoreContract } from '../contract/artifact-store.ts';
import { flipByte } from '../support/archive.ts';

artifactStoreContract('a folder', async (folder) => {
  const store = folderArtifactStore(join(folder, 'store'));
  return {
    store,
    reopen: () => folderArtifactStore(join(folder, 'store')),
    async damage(digest) {
      const path = await store.path(digest);
      chmodSync(path, 0o644);
      flipByte(path);
    },
  };
});

test('artifacts are read-only, and may come from another file system', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
  const elsewhere = mkdtempSync('/dev/shm/kiln-test-');
  try {
    writeFileSync(join(elsewhere, 'file'), 'from elsewhere');
    const store = folderArtifactStore(folder);
    const path = await store.path(await store.put({ path: join(elsewhere, 'file') }));
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(statSync(join(elsewhere, 'file'), { throwIfNoEntry: false })).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(elsewhere, { recursive: true });
  }
});
