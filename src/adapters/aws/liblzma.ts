import { Duplex } from 'node:stream';
// By path: the bundler puts this module in the place of `node-liblzma` and of everything below that name.
import { createUnxz, initModule, streamBufferDecode } from '../../../node_modules/node-liblzma/lib/wasm/index.js';
import createLibrary from '../../../node_modules/node-liblzma/lib/wasm/liblzma.js';
import wasmBinary from '../../../node_modules/node-liblzma/lib/wasm/liblzma.wasm';

/**
 * Stands in for `node-liblzma` in bundles that run elsewhere than here: the same library as WebAssembly, since a native module
 * is built for one C and one C++ library only. The bundler puts the binary in.
 */
await initModule(async () => (await createLibrary({ wasmBinary })) as never);

/** Decompresses xz in memory. */
export function unxzSync(bytes: Uint8Array): Buffer {
  return Buffer.from(streamBufferDecode(bytes));
}

/** A stream that decompresses xz; called with `new`, as the class of that name is. */
export function Unxz(): Duplex {
  return Duplex.fromWeb(createUnxz() as never);
}
