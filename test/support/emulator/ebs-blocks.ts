import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, Call, Route } from './door.ts';

const BLOCK_BYTES = 512 * 1024;
const GIB = 2 ** 30;

interface Snapshot {
  readonly id: string;
  readonly start: Record<string, unknown>;
  readonly request: string;
  completed: boolean;
  /** Digest of each block of the snapshot itself, its parent's not among them, by index. */
  readonly written: Map<number, Buffer>;
  readonly parent: Snapshot | undefined;
}

export interface EbsSnapshots {
  readonly route: Route;
  /** Puts the disk of a completed snapshot together, its parents' blocks below its own; sparse. */
  writeDisk(snapshotId: string, path: string): Promise<void>;
}

interface Books {
  readonly snapshots: Map<string, Snapshot>;
  readonly byToken: Map<string, Snapshot>;
  /** The last start of each token: a client that asks again before it was answered must not get a second snapshot. */
  readonly starting: Map<string, Promise<Answer>>;
  /** Folder of the blocks, each a file named by its digest. */
  readonly folder: string;
}

type Forward = (call: Call) => Promise<Answer>;

/**
 * What EBS direct does and checks and the emulator does not: client tokens, block checksums and lengths, indexes inside the
 * volume, no write after completion, the count and the aggregated checksum of CompleteSnapshot, parents that exist and show
 * through; a snapshot that is not completed is pending. The blocks are kept in a folder.
 */
export function ebsSnapshots(folder: string): EbsSnapshots {
  mkdirSync(folder, { recursive: true });
  const books: Books = { snapshots: new Map(), byToken: new Map(), starting: new Map(), folder };
  return {
    writeDisk: (snapshotId, path) => writeDisk(books, snapshotId, path),
    async route(call, forward) {
      if (call.service === 'ec2') return describeSnapshots(books, call, forward);
      if (call.service !== 'ebs') return undefined;
      const [path = '', query = ''] = call.path.split('?');
      if (call.method === 'POST' && path === '/snapshots') return start(books, call, forward);
      const completion = /^\/snapshots\/completion\/([^/]+)$/.exec(path);
      if (completion) return complete(call, forward, books.snapshots.get(completion[1] ?? ''));
      const [, id = '', , index] = /^\/snapshots\/([^/]+)\/blocks(\/(\d+))?$/.exec(path) ?? [];
      const snapshot = books.snapshots.get(id);
      if (!snapshot) return refusal(404, 'ResourceNotFoundException', `no snapshot ${id}`);
      if (call.method === 'PUT') return putBlock(books, call, snapshot, Number(index));
      return index === undefined ? listBlocks(snapshot) : getBlock(books, snapshot, Number(index), query);
    },
  };
}

function start(books: Books, call: Call, forward: Forward): Promise<Answer> {
  const request = JSON.parse(call.body.toString());
  const before = books.starting.get(request.ClientToken) ?? Promise.resolve();
  const answer = before.catch(() => {}).then(() => startNext(books, call, request, forward));
  if (request.ClientToken) books.starting.set(request.ClientToken, answer);
  return answer;
}

async function startNext(
  { snapshots, byToken }: Books,
  call: Call,
  request: { readonly ClientToken?: string; readonly ParentSnapshotId?: string },
  forward: Forward,
): Promise<Answer> {
  const known = byToken.get(request.ClientToken ?? '');
  if (known) {
    if (known.request !== call.body.toString())
      return refusal(503, 'ConflictException', 'client token of another request');
    return json(201, { ...known.start, Status: known.completed ? 'completed' : 'pending' });
  }
  const parent = snapshots.get(request.ParentSnapshotId ?? '');
  if (request.ParentSnapshotId && !parent?.completed) {
    return refusal(404, 'ResourceNotFoundException', `no completed parent ${request.ParentSnapshotId}`);
  }
  const answer = await forward(call);
  const body = JSON.parse(answer.body.toString());
  const snapshot: Snapshot = {
    id: body.SnapshotId,
    start: body,
    request: call.body.toString(),
    completed: false,
    written: new Map(),
    parent,
  };
  snapshots.set(snapshot.id, snapshot);
  if (request.ClientToken) byToken.set(request.ClientToken, snapshot);
  return answer;
}

function putBlock({ folder }: Books, call: Call, snapshot: Snapshot, index: number): Answer {
  if (snapshot.completed) return refusal(400, 'ValidationException', 'the snapshot is completed');
  if (call.body.length !== BLOCK_BYTES || call.headers['x-amz-data-length'] !== String(BLOCK_BYTES)) {
    return refusal(400, 'ValidationException', `a block has ${BLOCK_BYTES} bytes, not ${call.body.length}`);
  }
  if (index * BLOCK_BYTES >= Number(snapshot.start.VolumeSize) * GIB) {
    return refusal(400, 'ValidationException', `block ${index} is outside the volume`);
  }
  const digest = createHash('sha256').update(call.body).digest();
  const checksum = digest.toString('base64');
  if (call.headers['x-amz-checksum-algorithm'] !== 'SHA256' || call.headers['x-amz-checksum'] !== checksum) {
    return refusal(400, 'ValidationException', `the checksum of block ${index} is wrong`);
  }
  keep(join(folder, digest.toString('hex')), call.body);
  snapshot.written.set(index, digest);
  const headers = { 'x-amz-checksum': checksum, 'x-amz-checksum-algorithm': 'SHA256' };
  return { ...json(201, {}), headers };
}

function keep(path: string, bytes: Buffer): void {
  if (existsSync(path)) return;
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

async function complete(call: Call, forward: Forward, snapshot: Snapshot | undefined): Promise<Answer> {
  if (!snapshot) return refusal(404, 'ResourceNotFoundException', 'no such snapshot');
  const count = Number(call.headers['x-amz-changedblockscount']);
  if (count !== snapshot.written.size) {
    return refusal(400, 'ValidationException', `${count} blocks announced, ${snapshot.written.size} written`);
  }
  const checksum = call.headers['x-amz-checksum'];
  if (checksum !== undefined && checksum !== aggregated(snapshot.written)) {
    return refusal(400, 'ValidationException', 'the aggregated checksum is wrong');
  }
  snapshot.completed = true;
  return forward(call);
}

/** LINEAR: SHA-256 over the blocks' digests in order of their indexes. */
function aggregated(digests: ReadonlyMap<number, Buffer>): string {
  const hash = createHash('sha256');
  for (const [, digest] of inOrder(digests)) hash.update(digest);
  return hash.digest('base64');
}

const inOrder = (digests: ReadonlyMap<number, Buffer>) => [...digests].sort(([a], [b]) => a - b);

/** A snapshot's blocks: its own, and its ancestors' where it has none. */
function blocksOf(snapshot: Snapshot): Map<number, Buffer> {
  return new Map([...(snapshot.parent ? blocksOf(snapshot.parent) : []), ...snapshot.written]);
}

function listBlocks(snapshot: Snapshot): Answer {
  const Blocks = inOrder(blocksOf(snapshot)).map(([BlockIndex, digest]) => {
    return { BlockIndex, BlockToken: digest.toString('base64') };
  });
  return json(200, { Blocks, VolumeSize: snapshot.start.VolumeSize, BlockSize: BLOCK_BYTES });
}

function getBlock({ folder }: Books, snapshot: Snapshot, index: number, query: string): Answer {
  const digest = blocksOf(snapshot).get(index);
  const token = new URLSearchParams(query).get('blockToken');
  if (!digest || token !== digest.toString('base64')) {
    return refusal(404, 'ResourceNotFoundException', `no block ${index} of that token`);
  }
  const headers = {
    'content-type': 'application/octet-stream',
    'x-amz-data-length': String(BLOCK_BYTES),
    'x-amz-checksum': digest.toString('base64'),
    'x-amz-checksum-algorithm': 'SHA256',
  };
  return { status: 200, headers, body: readFileSync(join(folder, digest.toString('hex'))) };
}

async function writeDisk({ snapshots, folder }: Books, snapshotId: string, path: string): Promise<void> {
  const snapshot = snapshots.get(snapshotId);
  if (!snapshot?.completed) throw new Error(`internal: snapshot ${snapshotId} is not there, or not completed`);
  const disk = await open(path, 'w');
  try {
    await disk.truncate(Number(snapshot.start.VolumeSize) * GIB);
    for (const [index, digest] of blocksOf(snapshot)) {
      const bytes = readFileSync(join(folder, digest.toString('hex')));
      if (!createHash('sha256').update(bytes).digest().equals(digest)) throw new Error('internal: a block was damaged');
      await disk.write(bytes, 0, bytes.length, index * BLOCK_BYTES);
    }
  } finally {
    await disk.close();
  }
}

/** To EC2 a snapshot that is being written is pending. */
async function describeSnapshots({ snapshots }: Books, call: Call, forward: Forward): Promise<Answer | undefined> {
  if (call.operation !== 'DescribeSnapshots') return undefined;
  const answer = await forward(call);
  const pending = [...snapshots.values()].filter((it) => !it.completed).map((it) => it.id);
  const text = answer.body.toString().replace(/<item>\s*<snapshotId>([^<]+)<[\s\S]*?<status>/g, (item, id: string) => {
    return pending.includes(id) ? `${item}\0` : item;
  });
  const body = Buffer.from(text.replace(/\0completed/g, 'pending').replaceAll('\0', ''));
  return { ...answer, headers: { ...answer.headers, 'content-length': String(body.length) }, body };
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
