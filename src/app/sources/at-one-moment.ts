import { memoise } from '../../formats/memoise.ts';
import type { SpecSource } from '../../ports/spec-source.ts';
import type { PolicyFile } from '../../validator/load-policies.ts';

type ReadFolder = (folder: string) => Promise<PolicyFile[]>;

const moments = new WeakMap<object, (read: ReadFolder) => ReadFolder>();

/** The same specs, but that a folder of policies is read once, for all images: as it was when it was asked for first. */
export function atOneMoment(specs: SpecSource): SpecSource {
  const same: SpecSource = Object.assign(Object.create(specs), {});
  const readers = memoise((read: ReadFolder) => memoise(read));
  moments.set(same, readers);
  return same;
}

/** What reads a folder of policies for these specs: anew each time, or once. */
export function readerFor(specs: object, read: ReadFolder): ReadFolder {
  return moments.get(specs)?.(read) ?? read;
}
