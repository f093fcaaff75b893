import { sha256 } from '../../model/canonical.ts';

/** Names of a disk and its parts; all follow from the tree's digest, so that a disk can be made again bit for bit. */
export interface DiskIdentifiers {
  readonly disk: string;
  readonly espPartition: string;
  readonly espVolume: number;
  readonly rootPartition: string;
  readonly rootFilesystem: string;
  readonly rootHashSeed: string;
}

/** Identifiers from a hex SHA-256; UUIDs are of version 8, made by the owner's own rule (RFC 9562 §5.8). */
export function diskIdentifiers(treeDigest: string): DiskIdentifiers {
  const uuid = (part: string) => uuidOf(sha256(`kiln ${part} ${treeDigest}`));
  return {
    disk: uuid('disk'),
    espPartition: uuid('esp partition'),
    espVolume: Number.parseInt(sha256(`kiln esp volume ${treeDigest}`).slice(0, 8), 16),
    rootPartition: uuid('root partition'),
    rootFilesystem: uuid('root file system'),
    rootHashSeed: uuid('root hash seed'),
  };
}

function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
