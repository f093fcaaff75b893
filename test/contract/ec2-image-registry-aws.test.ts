import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { onEmulator } from '../support/emulator/emulator.ts';
import { OTHER_BLOCKS, openRegistry } from '../support/emulator/registry.ts';
import { imageRegistryContract } from './image-registry.ts';

onEmulator('EC2 on the emulator', () => {
  imageRegistryContract('EC2', async () => {
    const opened = await openRegistry(mkdtempSync(join(tmpdir(), 'kiln-ec2-registry-')));
    const { ec2, ebs } = opened;
    return {
      ...opened,
      async hasOther(imageId) {
        const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
        const SnapshotId = Images[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
        const { Blocks = [] } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId }));
        return Blocks.map((it) => it.BlockIndex).join() === OTHER_BLOCKS.join();
      },
    };
  });
});
