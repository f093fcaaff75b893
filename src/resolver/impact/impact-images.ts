import type { Resolution } from '../../model/spec.ts';
import type { Root } from '../request.ts';

/** A package as a lock states it; without `sha256` only versions are compared. */
export interface LockedState {
  readonly name: string;
  readonly version: string;
  readonly sha256?: string;
}

/** What impact needs of an image: what its closure was resolved from (locked evidence among the roots), and what it locked. */
export interface ImpactImage {
  readonly name: string;
  readonly roots: readonly Root[];
  readonly resolution: Resolution;
  /** All packages that the relations brought. */
  readonly closure: readonly LockedState[];
  /** Packages of which only files are in, or that are there to boot: compared by version, not resolved. */
  readonly others?: readonly LockedState[];
}

/** The same with its packages as numbers of states, which thousands of images share. */
export interface PackedImage extends Pick<ImpactImage, 'name' | 'roots' | 'resolution'> {
  readonly closure: Uint32Array;
  readonly others: Uint32Array;
}

export interface PackedImages {
  /** Each state that any image has locked, once. */
  readonly states: readonly LockedState[];
  readonly images: readonly PackedImage[];
}

/** Numbers for locked states: equal ones have the same. */
export interface StateNumbers {
  readonly states: readonly LockedState[];
  numberOf(state: LockedState): number;
}

/** `known` states keep their numbers. */
export function numberStates(known: readonly LockedState[] = []): StateNumbers {
  const states = [...known];
  const keyOf = ({ name, version, sha256 = '' }: LockedState): string => `${name} ${version} ${sha256}`;
  const numbers = new Map(states.map((state, number) => [keyOf(state), number]));
  // Images often share the objects themselves, which saves making keys.
  const objects = new Map<LockedState, number>();
  const byKey = (state: LockedState): number => {
    const key = keyOf(state);
    const number = numbers.get(key) ?? states.push(state) - 1;
    numbers.set(key, number);
    objects.set(state, number);
    return number;
  };
  return { states, numberOf: (state) => objects.get(state) ?? byKey(state) };
}

/** Images with their packages as numbers. */
export function packImages(images: Iterable<ImpactImage>): PackedImages {
  const { states, numberOf } = numberStates();
  const packed = Array.from(images, ({ name, roots, resolution, closure, others = [] }): PackedImage => {
    const numbers = { closure: Uint32Array.from(closure, numberOf), others: Uint32Array.from(others, numberOf) };
    return { name, roots, resolution, ...numbers };
  });
  return { states, images: packed };
}
