import { createUnxz, ensureInlineInit, unxzSync as inflate } from 'node-liblzma/inline';
import { Duplex } from 'node:stream';

/**
 * Stands in for `node-liblzma` in bundles that run elsewhere than here: the same library as WebAssembly, since a native module
 * is built for one C library and one C++ library only.
 */
await ensureInlineInit();

/** Decompresses xz in memory. */
export function unxzSync(bytes: Uint8Array): Buffer {
  return Buffer.from(inflate(bytes));
}

/** A stream that decompresses xz. */
export function Unxz(): Duplex {
  return Duplex.fromWeb(createUnxz() as never);
}
