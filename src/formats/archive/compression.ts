import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { unxz, unxzStream } from './xz.ts';

/** Endings of the compressed files that Kiln reads; the empty one is no compression. */
export type Compression = '' | 'gz' | 'xz' | 'zst';

const CHUNK = 1 << 20;

/** The compression that a file's name says, or undefined for one that Kiln does not read (bz2, lzma). */
export function compressionOf(name: string, stem: string): Compression | undefined {
  const ending = name === stem ? '' : name.slice(stem.length + 1);
  return (['', 'gz', 'xz', 'zst'] as const).find((known) => known === ending);
}

/** A stream that decompresses; undefined where there is nothing to do. */
export function decompressor(compression: Compression): Transform | undefined {
  if (compression === 'xz') return unxzStream();
  if (compression === 'gz') return createGunzip({ chunkSize: CHUNK });
  return compression === 'zst' ? createZstdDecompress({ chunkSize: CHUNK }) : undefined;
}

/** Decompresses bytes in memory; throws what the library throws for damaged ones. */
export function decompress(bytes: Buffer, compression: Compression): Buffer {
  if (compression === 'xz') return unxz(bytes);
  if (compression === 'gz') return gunzipSync(bytes);
  return compression === 'zst' ? zstdDecompressSync(bytes) : bytes;
}
