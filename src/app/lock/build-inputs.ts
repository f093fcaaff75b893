import { digestOf } from '../../model/canonical.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { Inputs } from '../../triggers/due.ts';

/** What decides the bytes of an image, as it stands now. */
export async function buildInputs(ports: Pick<Ports, 'source' | 'progress'>, loaded: LoadedSpec): Promise<Inputs> {
  const indexes = await ports.source.indexes(loaded.spec.os, ports.progress);
  return inputsOf(loaded, indexes);
}

/** What decides the bytes of an image that is made from a spec and some indexes. */
export function inputsOf(loaded: LoadedSpec, indexes: readonly { readonly sha256: string }[]): Inputs {
  return { spec: bakeInputs(loaded), indexes: indexes.map((it) => it.sha256).sort() };
}

/** Hex digest of the parts of a spec that decide what is baked: who may have it, and what is asked of it, are none. */
function bakeInputs({ spec, lockInputs }: LoadedSpec): string {
  return digestOf({ lockInputs, minimize: spec.minimize });
}
