import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  type EBSClient,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
  type StartSnapshotCommandOutput,
} from '@aws-sdk/client-ebs';
import type { ArtifactStream } from './artifact-stream.ts';
import { errorName } from './aws-fault.ts';
import { inParallel } from './in-parallel.ts';
import { openJournal } from './snapshot-journal.ts';
import { isZero } from './sparse-file.ts';

export interface SnapshotRequest {
  /** Raw disk, from its first byte to its last: read once for each attempt. */
  readonly disk: ArtifactStream;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Idempotency key: the same key goes on with the same snapshot. */
  readonly key: string;
  /** Encrypts the snapshot with this key. */
  readonly kmsKeyArn?: string;
  /** Folder for the journal of blocks that arrived. */
  readonly work: string;
}

/** EBS direct: blocks have 512 KiB, and one account may put 1,000 of them a second. */
export const BLOCK_BYTES = 512 * 1024;
const BLOCKS_AT_ONCE = 32;
const GIB = 2 ** 30;
const ATTEMPTS = 5;

/**
 * Writes a disk as an EBS snapshot while it comes, blocks of zeros left out, and gives its id; it is complete, perhaps not yet ready. An
 * interrupted one is resumed: the client token brings the same snapshot, the journal says which blocks arrived. It is completed only once
 * the disk's bytes have turned out to be those of its digest.
 */
export async function writeSnapshot(client: EBSClient, request: SnapshotRequest): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const begun = await start(client, request, attempt);
    if (begun.Status === 'completed') return begun.SnapshotId as string;
    if (begun.Status === 'error') continue;
    try {
      await fill(client, request, begun.SnapshotId as string);
      return begun.SnapshotId as string;
    } catch (error) {
      // Another call of the same step may have completed it meanwhile.
      if (errorName(error) === 'ValidationException' && (await start(client, request, attempt)).Status === 'completed')
        return begun.SnapshotId as string;
      // A snapshot that timed out or was deleted is gone for good, and its token with it: the next attempt has another.
      if (errorName(error) !== 'ResourceNotFoundException') throw error;
    }
  }
  throw new Error(`internal: ${ATTEMPTS} snapshots of ${request.key} ended in an error`);
}

function start(client: EBSClient, request: SnapshotRequest, attempt: number): Promise<StartSnapshotCommandOutput> {
  return client.send(
    new StartSnapshotCommand({
      VolumeSize: Math.ceil(request.disk.sizeBytes / GIB),
      Description: request.description,
      Tags: Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })),
      ClientToken: createHash('sha256').update(`${request.key}#${attempt}`).digest('hex'),
      Timeout: 120,
      ...(request.kmsKeyArn === undefined ? {} : { Encrypted: true, KmsKeyArn: request.kmsKeyArn }),
    }),
  );
}

async function fill(client: EBSClient, request: SnapshotRequest, snapshotId: string): Promise<void> {
  const journal = await openJournal(request.work, request.key, snapshotId);
  const digests = new Map<number, Buffer>();
  try {
    await inParallel(BLOCKS_AT_ONCE, blocksOf(request.disk), async ({ index, data }) => {
      const digest = createHash('sha256').update(data).digest();
      digests.set(index, digest);
      if (journal.has(index)) return;
      await put(client, snapshotId, index, data, digest);
      await journal.add(index);
    });
    await client.send(
      new CompleteSnapshotCommand({
        SnapshotId: snapshotId,
        ChangedBlocksCount: digests.size,
        Checksum: linear(digests),
        ChecksumAlgorithm: 'SHA256',
        ChecksumAggregationMethod: 'LINEAR',
      }),
    );
    await journal.remove();
  } finally {
    await journal.close();
  }
}

async function put(client: EBSClient, snapshotId: string, index: number, data: Buffer, digest: Buffer): Promise<void> {
  await client.send(
    new PutSnapshotBlockCommand({
      SnapshotId: snapshotId,
      BlockIndex: index,
      BlockData: data,
      DataLength: BLOCK_BYTES,
      Checksum: digest.toString('base64'),
      ChecksumAlgorithm: 'SHA256',
    }),
  );
}

interface Block {
  readonly index: number;
  readonly data: Buffer;
}

/** The blocks that hold anything but zeros; the last one is filled up with zeros. */
async function* blocksOf(disk: ArtifactStream): AsyncGenerator<Block> {
  let [index, filled, block]: [number, number, Buffer] = [0, 0, Buffer.alloc(BLOCK_BYTES)];
  for await (const piece of disk.bytes()) {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.copy(block, filled, at);
      at += taken;
      filled += taken;
      if (filled < BLOCK_BYTES) continue;
      if (!isZero(block)) {
        yield { index, data: block };
        block = Buffer.alloc(BLOCK_BYTES);
      }
      index += 1;
      filled = 0;
    }
  }
  const rest = block.fill(0, filled);
  if (filled > 0 && !isZero(rest)) yield { index, data: rest };
}

/** Aggregated checksum, method LINEAR: SHA-256 over the blocks' SHA-256 in the order of their indexes; base64. */
function linear(digests: ReadonlyMap<number, Buffer>): string {
  const hash = createHash('sha256');
  for (const [, digest] of [...digests].sort(([a], [b]) => a - b)) hash.update(digest);
  return hash.digest('base64');
}
