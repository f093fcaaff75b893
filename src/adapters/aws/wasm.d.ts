/** The bundler's loader `binary` makes the file's bytes of it. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}

/** Emscripten's glue, whose own declaration lies elsewhere in its package. */
declare module '*/wasm/liblzma.js' {
  const createLibrary: (options: { wasmBinary: Uint8Array }) => Promise<unknown>;
  export default createLibrary;
}
