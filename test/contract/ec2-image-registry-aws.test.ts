import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onEmulator } from '../support/emulator/emulator.ts';
import { openRegistry } from '../support/emulator/registry.ts';
import { imageRegistryContract } from './image-registry.ts';

onEmulator('EC2 on the emulator', () => {
  imageRegistryContract('EC2', async () => {
    const opened = await openRegistry(mkdtempSync(join(tmpdir(), 'kiln-ec2-registry-')));
    return { registry: opened.registry, diskDigest: opened.diskDigest };
  });
});
