import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { type Compression, decompress, decompressor } from '../../../src/formats/archive/compression.ts';
import { compress } from '../../support/deb.ts';

const contents = [
  { summary: 'nothing', bytes: Buffer.alloc(0) },
  { summary: 'what cannot be compressed', bytes: randomBytes(3 << 20) },
  { summary: 'zeros, a few thousand times larger than compressed', bytes: Buffer.alloc(24 << 20) },
];
const rows = (['xz', 'gz', 'zst'] as const).flatMap((ending) => contents.map((content) => ({ ending, ...content })));

test.each(rows)('$ending gives back $summary, from memory and as a stream', async ({ ending, bytes }) => {
  const packed = compress(bytes, ending);
  expect(decompress(packed, ending).equals(bytes)).toBe(true);
  expect((await streamed(packed, ending)).equals(bytes)).toBe(true);
});

test.each(['xz', 'gz'] as const)('%s in several parts one after the other is read to its end', async (ending) => {
  const packed = Buffer.concat([compress(Buffer.from('one '), ending), compress(Buffer.from('two'), ending)]);
  expect(decompress(packed, ending).toString()).toBe('one two');
  expect((await streamed(packed, ending)).toString()).toBe('one two');
});

test.each(['xz', 'gz', 'zst'] as const)('%s that was cut or changed is refused, not read in part', async (ending) => {
  const packed = compress(randomBytes(100_000), ending);
  const changed = Buffer.from(packed);
  changed[50_000]! ^= 0xff;
  const damaged = [packed.subarray(0, 60_000), ...(ending === 'zst' ? [] : [changed])];
  for (const bytes of damaged) {
    expect(() => decompress(bytes, ending)).toThrow();
    await expect(streamed(bytes, ending)).rejects.toThrow();
  }
});

async function streamed(packed: Buffer, ending: Compression): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(packed.length / 65_536) }, (_, at) =>
    packed.subarray(at * 65_536, (at + 1) * 65_536),
  );
  const whole: Buffer[] = [];
  await pipeline(Readable.from(pieces), decompressor(ending)!, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) whole.push(Buffer.from(chunk));
  });
  return Buffer.concat(whole);
}
