// By path: the bundler puts this module in the place of `node-liblzma/wasm`.
import { initModule as initialise } from '../../../node_modules/node-liblzma/lib/wasm/index.js';
import createLibrary from '../../../node_modules/node-liblzma/lib/wasm/liblzma.js';
import wasmBinary from '../../../node_modules/node-liblzma/lib/wasm/liblzma.wasm';

export {
  code,
  copyFromWasm,
  copyToWasm,
  end,
  getModule,
  LZMA_FINISH,
  LZMA_OK,
  LZMA_RUN,
  LZMA_STREAM_END,
  WasmLzmaStream,
} from '../../../node_modules/node-liblzma/lib/wasm/index.js';

/** Stands in for the library's own in bundles: that one reads its WebAssembly from beside itself, here the bundler puts it in. */
export async function initModule(): Promise<void> {
  await initialise(async () => (await createLibrary({ wasmBinary })) as never);
}
