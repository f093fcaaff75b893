import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folderImageRegistry } from '../../src/adapters/local/folder-image-registry.ts';
import { imageRegistryContract } from './image-registry.ts';

imageRegistryContract('folders', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-registry-'));
  for (const name of ['one', 'other']) writeFileSync(join(folder, name), `the ${name} disk`);
  const disk = (imageId: string) => readFileSync(join(folder, 'registry/images', imageId, 'disk.raw'), 'utf8');
  return {
    registry: folderImageRegistry(join(folder, 'registry'), { path: async (it: string) => join(folder, it) } as never),
    diskDigest: 'one',
    otherDigest: 'other',
    hasOther: async (imageId) => disk(imageId) === 'the other disk',
  };
});
