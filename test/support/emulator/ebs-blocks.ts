import { createHash } from 'node:crypto';
import type { Answer, Call, Route } from './door.ts';

const BLOCK_BYTES = 512 * 1024;

interface Snapshot {
  readonly id: string;
  readonly start: Record<string, unknown>;
  readonly request: string;
  completed: boolean;
  /** Digest of each block that was written, by index. */
  readonly digests: Map<number, Buffer>;
}

/**
 * What EBS direct checks and the emulator does not: client tokens, block checksums and lengths, indexes inside the volume,
 * no write after completion, the count and the aggregated checksum of CompleteSnapshot, parents that exist.
 */
export function ebsBlocks(): Route {
  const snapshots = new Map<string, Snapshot>();
  const byToken = new Map<string, Snapshot>();
  return async (call, forward) => {
    if (call.service !== 'ebs') return undefined;
    const path = call.path.split('?')[0] ?? '';
    if (call.method === 'POST' && path === '/snapshots') return start(call, forward, snapshots, byToken);
    const block = /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/.exec(path);
    if (call.method === 'PUT' && block) return putBlock(call, snapshots.get(block[1] ?? ''), Number(block[2]));
    const completion = /^\/snapshots\/completion\/([^/]+)$/.exec(path);
    if (completion) return complete(call, forward, snapshots.get(completion[1] ?? ''));
    return undefined;
  };
}

async function start(
  call: Call,
  forward: (call: Call) => Promise<Answer>,
  snapshots: Map<string, Snapshot>,
  byToken: Map<string, Snapshot>,
): Promise<Answer> {
  const request = JSON.parse(call.body.toString());
  const known = byToken.get(request.ClientToken);
  if (known) {
    if (known.request !== call.body.toString())
      return refusal(503, 'ConflictException', 'client token of another request');
    return json(201, { ...known.start, Status: known.completed ? 'completed' : 'pending' });
  }
  if (request.ParentSnapshotId && !snapshots.get(request.ParentSnapshotId)?.completed) {
    return refusal(404, 'ResourceNotFoundException', `no completed parent ${request.ParentSnapshotId}`);
  }
  const answer = await forward(call);
  const body = JSON.parse(answer.body.toString());
  const snapshot: Snapshot = {
    id: body.SnapshotId,
    start: body,
    request: call.body.toString(),
    completed: false,
    digests: new Map(snapshots.get(request.ParentSnapshotId)?.digests),
  };
  snapshots.set(snapshot.id, snapshot);
  if (request.ClientToken) byToken.set(request.ClientToken, snapshot);
  return answer;
}

function putBlock(call: Call, snapshot: Snapshot | undefined, index: number): Answer | undefined {
  if (!snapshot) return refusal(404, 'ResourceNotFoundException', 'no such snapshot');
  if (snapshot.completed) return refusal(400, 'ValidationException', 'the snapshot is completed');
  if (call.body.length !== BLOCK_BYTES || call.headers['x-amz-data-length'] !== String(BLOCK_BYTES)) {
    return refusal(400, 'ValidationException', `a block has ${BLOCK_BYTES} bytes, not ${call.body.length}`);
  }
  if (index >= Number(snapshot.start.VolumeSize) * 2048) {
    return refusal(400, 'ValidationException', `block ${index} is outside the volume`);
  }
  const digest = createHash('sha256').update(call.body).digest();
  if (
    call.headers['x-amz-checksum-algorithm'] !== 'SHA256' ||
    call.headers['x-amz-checksum'] !== digest.toString('base64')
  ) {
    return refusal(400, 'ValidationException', `the checksum of block ${index} is wrong`);
  }
  snapshot.digests.set(index, digest);
  return undefined;
}

async function complete(
  call: Call,
  forward: (call: Call) => Promise<Answer>,
  snapshot: Snapshot | undefined,
): Promise<Answer> {
  if (!snapshot) return refusal(404, 'ResourceNotFoundException', 'no such snapshot');
  const count = Number(call.headers['x-amz-changedblockscount']);
  if (count !== snapshot.digests.size) {
    return refusal(400, 'ValidationException', `${count} blocks announced, ${snapshot.digests.size} written`);
  }
  const checksum = call.headers['x-amz-checksum'];
  if (checksum !== undefined && checksum !== aggregated(snapshot.digests)) {
    return refusal(400, 'ValidationException', 'the aggregated checksum is wrong');
  }
  snapshot.completed = true;
  return forward(call);
}

/** LINEAR: SHA-256 over the blocks' digests in order of their indexes. */
function aggregated(digests: ReadonlyMap<number, Buffer>): string {
  const hash = createHash('sha256');
  for (const [, digest] of [...digests].sort(([a], [b]) => a - b)) hash.update(digest);
  return hash.digest('base64');
}

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});

function refusal(status: number, type: string, message: string): Answer {
  const answer = json(status, { Message: message, message });
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': type } };
}
