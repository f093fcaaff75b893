import { Transform } from 'node:stream';
import {
  code,
  copyFromWasm,
  copyToWasm,
  end,
  getModule,
  initModule,
  LZMA_FINISH,
  LZMA_OK,
  LZMA_RUN,
  LZMA_STREAM_END,
  WasmLzmaStream,
} from 'node-liblzma/wasm';

/** lzma/container.h: a file may be several streams one after the other. */
const CONCATENATED = 0x08;
/** Bytes; xz -9 asks for 65 MiB to decompress. */
const MEMORY_LIMIT = 256n << 20n;
const OUTPUT = 1 << 20;

// liblzma as WebAssembly, a quarter slower than the native one: that is built for one C++ library, which is neither
// Debian 12's nor that of Lambda, and building it here would take a compiler.
await initModule();

interface Decoder {
  /** Takes bytes in and gives what they decompress to; no bytes: this was all, and throws when the file is not whole. */
  feed(bytes: Uint8Array | undefined, push: (chunk: Buffer) => void): void;
  free(): void;
}

/** Decompresses an .xz file in memory. Throws for one that is damaged or cut. */
export function unxz(bytes: Uint8Array): Buffer {
  const chunks: Buffer[] = [];
  const decoder = openDecoder();
  try {
    decoder.feed(bytes, (chunk) => chunks.push(chunk));
    decoder.feed(undefined, (chunk) => chunks.push(chunk));
    return Buffer.concat(chunks);
  } finally {
    decoder.free();
  }
}

/**
 * A stream that decompresses an .xz file, and fails for one that is damaged or cut. (The library's own ends without an error where
 * the file is cut, and its function for a buffer gives up where the output is a thousand times the input.)
 */
export function unxzStream(): Transform {
  const decoder = openDecoder();
  const feed = (stream: Transform, bytes: Uint8Array | undefined, done: (error?: Error) => void) => {
    try {
      decoder.feed(bytes, (chunk) => stream.push(chunk));
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      feed(this, chunk, done);
    },
    flush(done) {
      feed(this, undefined, done);
    },
    destroy(error, done) {
      decoder.free();
      done(error);
    },
  });
}

function openDecoder(): Decoder {
  const library = getModule();
  const stream = new WasmLzmaStream(library);
  const started = library._lzma_stream_decoder(stream.ptr, MEMORY_LIMIT, CONCATENATED);
  if (started !== LZMA_OK) throw new Error(`xz: liblzma does not start: ${started}`);
  const output = library._malloc(OUTPUT);
  return {
    feed(bytes, push) {
      const input = bytes && copyToWasm(library, bytes);
      stream.setInput(input ?? 0, bytes?.length ?? 0);
      try {
        run(stream, output, bytes ? LZMA_RUN : LZMA_FINISH, push);
      } finally {
        if (input) library._free(input);
      }
    },
    free() {
      end(stream);
      stream.free();
      library._free(output);
    },
  };
}

function run(stream: WasmLzmaStream, output: number, action: number, push: (chunk: Buffer) => void): void {
  for (;;) {
    stream.setOutput(output, OUTPUT);
    const answer = code(stream, action);
    const count = OUTPUT - stream.availOut;
    if (count > 0) push(Buffer.from(copyFromWasm(getModule(), output, count).buffer));
    if (answer === LZMA_STREAM_END) return;
    if (answer !== LZMA_OK) throw new Error(`xz: the data is damaged or ends early (liblzma: ${answer})`);
    if (action === LZMA_RUN && stream.availIn === 0 && stream.availOut > 0) return;
  }
}
