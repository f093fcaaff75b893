// By path: the bundler puts this module in the place of `@cedar-policy/cedar-wasm/nodejs`.
import * as cedar from '../../../node_modules/@cedar-policy/cedar-wasm/web/cedar_wasm.js';
import wasmBinary from '../../../node_modules/@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm';

/** Stands in for Cedar's variant for Node in bundles: that one reads its WebAssembly from beside itself, here the bundler puts it in. */
cedar.initSync({ module: wasmBinary });

// Values of this module's own: what is only passed on would be taken from the library itself, and not be initialised.
export const { policySetTextToParts, policyToJson, preparsePolicySet, preparseSchema, statefulIsAuthorized, validate } =
  cedar;
