import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderImageRegistry } from '../../src/adapters/local/folder-image-registry.ts';
import { imageRegistryContract } from './image-registry.ts';

imageRegistryContract('folders', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-registry-'));
  const disk = join(folder, 'disk');
  writeFileSync(disk, 'a disk');
  return {
    registry: folderImageRegistry(join(folder, 'registry'), { path: async () => disk } as never),
    diskDigest: 'd',
  };
});
