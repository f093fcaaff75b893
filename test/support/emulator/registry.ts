import { randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { ArtifactStream } from '../../../src/adapters/aws/artifact-stream.ts';
import { withFaults } from '../../../src/adapters/aws/aws-fault.ts';
import { ec2ImageRegistry } from '../../../src/adapters/aws/ec2-image-registry.ts';
import { sha256 } from '../../../src/model/canonical.ts';
import type { ImagePlace, ImageRegistry } from '../../../src/ports/image-registry.ts';

export const BLOCK = 512 * 1024;

export const OTHER_BLOCKS = [1, 7] as const;

export interface OpenedRegistry {
  readonly registry: ImageRegistry;
  readonly diskDigest: string;
  /** Of another disk, whose blocks are those of `OTHER_BLOCKS`. */
  readonly otherDigest: string;
  readonly diskPath: string;
  readonly ec2: EC2Client;
  readonly ebs: EBSClient;
  readonly ssm: SSMClient;
}

/** A registry of the emulator over a sparse disk of 64 MiB in `folder`, whose blocks at the given indexes are not empty. */
export async function openRegistry(folder: string, blocks: readonly number[] = [0, 3, 100]): Promise<OpenedRegistry> {
  mkdirSync(folder, { recursive: true });
  const diskPath = makeDisk(join(folder, 'disk.raw'), blocks);
  const otherPath = makeDisk(join(folder, 'other.raw'), OTHER_BLOCKS);
  const disks = new Map([diskPath, otherPath].map((path) => [sha256(readFileSync(path)), path]));
  const [ec2, ebs, ssm] = [withFaults(new EC2Client({})), withFaults(new EBSClient({})), withFaults(new SSMClient({}))];
  const store = { stream: async (digest: string) => streamFile(disks.get(digest) ?? '') };
  const elsewhere = async ({ region, key }: ImagePlace) => ({
    ...(key === undefined ? {} : { kmsKeyArn: key }),
    ec2: withFaults(new EC2Client({ region })),
    ssm: withFaults(new SSMClient({ region })),
  });
  const registry = ec2ImageRegistry({ ec2, ebs, ssm, store, work: join(folder, 'work'), elsewhere });
  const [diskDigest = '', otherDigest = ''] = [...disks.keys()];
  return { registry, diskDigest, otherDigest, diskPath, ec2, ebs, ssm };
}

/** A file of this machine as the store hands disks out. */
export function streamFile(path: string): ArtifactStream {
  return { sizeBytes: statSync(path).size, bytes: () => createReadStream(path, { highWaterMark: 1 << 20 }) };
}

function makeDisk(path: string, blocks: readonly number[]): string {
  const file = openSync(path, 'w');
  for (const index of blocks) writeSync(file, randomBytes(BLOCK), 0, BLOCK, index * BLOCK);
  closeSync(file);
  truncateSync(path, 64 * 1024 * 1024);
  return path;
}
