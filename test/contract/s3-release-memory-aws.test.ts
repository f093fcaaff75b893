import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { s3ReleaseMemory } from '../../src/adapters/aws/s3-release-memory.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { releaseMemoryContract } from './release-memory.ts';

onEmulator('what was seen of suites, in a bucket', () => {
  releaseMemoryContract('S3', async () => {
    const client = withFaults(new S3Client({}));
    const bucket = `kiln-${randomBytes(4).toString('hex')}`;
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
    return {
      open: () => s3ReleaseMemory({ bucket, client }),
      damage: async (name) => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: `suites/${name}`, Body: '{"date": ' }));
      },
    };
  });
});
