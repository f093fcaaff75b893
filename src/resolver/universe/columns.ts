import type { VerifiedIndex } from '../../model/package.ts';

/** Names in code-unit order, numbered from 0: comparing numbers compares names. */
export interface NameTable {
  readonly count: number;
  at(id: number): string;
  /** Number of a name, or -1. */
  find(name: string): number;
}

/** For each name, a run of stanza numbers: `list[start[id] … start[id + 1])`. */
export interface Runs {
  readonly start: Uint32Array;
  readonly list: Uint32Array;
}

/** The columns of a universe: what is found without decoding stanzas. Stanzas are numbered through all indexes. */
export interface Tables {
  readonly architecture: string;
  readonly indexes: readonly VerifiedIndex[];
  readonly count: number;
  readonly names: NameTable;
  readonly nameOf: Uint32Array;
  readonly indexOf: Uint8Array;
  /** Stanzas of a name, the candidate first. */
  readonly versions: Runs;
  /** Stanzas whose Provides has the name. */
  readonly providers: Runs;
  readonly essential: Uint32Array;
  /** Two numbers for each stanza, which are others where its package is (`identityOf`). */
  identities(): Uint32Array;
  /** For each name the names that lead to it (`leadingTo`). */
  leading(): Runs;
  /** What Debian lives with and a reader may want to know. */
  readonly warnings: readonly string[];
  /** A stanza's own bytes. */
  stanza(stanza: number): Buffer;
  /** Value of a stanza's field (lower-case name), continuation lines joined by spaces. */
  field(stanza: number, field: string): string | undefined;
  /** Index and line of a stanza, for messages. */
  place(stanza: number): string;
}
