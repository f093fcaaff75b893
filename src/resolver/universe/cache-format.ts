import { sha256 } from '../../model/canonical.ts';
import type { VerifiedIndex } from '../../model/package.ts';

/**
 * A universe in binary: stanzas with only the fields that matter, then columns, then a header. The columns have a digest in the header,
 * and each stanza a checksum in the columns, so that a reader takes in only what it is asked for and still believes nothing
 * unchecked. What needs the stanzas' sizes comes after them, so that a writer never holds the whole.
 *
 *     stanzas | columns, each filled up to 8 bytes | header (JSON) | u32 its length | u32 its checksum | 'KILNUNI3'
 */
export const MAGIC = 'KILNUNI3';
export const FRAME = 8 + MAGIC.length;

/** Bytes that can be read at random: a file, or a buffer. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`; fewer where the source ends. */
  read(offset: number, length: number): Buffer;
}

/** What the cache is keyed by: the digests of the indexes, their order and priorities, and the architecture. */
export function universeKey(indexes: readonly VerifiedIndex[], architecture: string): string {
  const parts = indexes.map((it) => `${it.sha256} ${it.priority} ${it.codename} ${it.suite} ${it.component}`);
  return sha256([MAGIC, architecture, ...parts].join('\n'));
}

/** What the columns are, and what they must be. */
export interface Header {
  readonly key: string;
  readonly indexes: readonly VerifiedIndex[];
  readonly count: number;
  readonly names: number;
  readonly warnings: readonly string[];
  /** Bytes of all columns together, and their digest. */
  readonly columnBytes: number;
  readonly columnDigest: string;
  readonly columns: Readonly<Record<ColumnName, { readonly offset: number; readonly length: number }>>;
}

export type ColumnName =
  | 'nameText'
  | 'nameStart'
  | 'nameOf'
  | 'indexOf'
  | 'versionStart'
  | 'versionList'
  | 'providerStart'
  | 'providerList'
  | 'essential'
  | 'identity'
  | 'leadStart'
  | 'leadList'
  | 'stanzaStart'
  | 'checksum';
