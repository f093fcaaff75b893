import type { FileTree } from '../model/file-tree.ts';
import type { LockedDeb } from '../model/lock.ts';
import type { VerifiedIndex } from '../model/package.ts';
import type { AptSource } from '../model/spec.ts';
import type { Progress } from './progress.ts';

export interface IndexRequest {
  readonly release: string;
  readonly architecture: string;
  /** Absent: the machine's own sources whose Release says `Origin: Debian` for `release`. */
  readonly sources?: readonly AptSource[];
}

/** A .deb's identity as far as fetching goes. */
export type PackageReference = Pick<LockedDeb, 'name' | 'version' | 'sha256' | 'sizeBytes' | 'filename'>;

/** Where packages may be: what `indexes` gave. */
export type Archives = readonly { readonly baseUri: string }[];

/** Contents of one .deb, readable at random without unpacking it to disk. */
export interface DebContents {
  /** control.tar's members by name, such as `control`, `postinst`, `conffiles`, `triggers`. */
  readonly control: ReadonlyMap<string, Buffer>;
  /** data.tar as a tree; `package` of each entry is the package's name. */
  readonly data: FileTree;
  /** Path on this machine of data.tar, decompressed, where it is kept; as trusted as `data`. */
  readonly dataTar?: string;
}

/** The signed archive. Nothing that it returns is unverified. */
export interface PackageSource {
  /**
   * Fetches what changed and verifies it. Throws KilnError INDEX_UNTRUSTED, INDEX_EXPIRED, INDEX_ROLLED_BACK, INDEX_CORRUPT,
   * SOURCE_UNAVAILABLE, CONFIG_INVALID (no source for the release).
   */
  indexes(request: IndexRequest, progress: Progress): Promise<VerifiedIndex[]>;
  /**
   * Paths on this machine of verified .debs, by SHA-256, fetched in parallel where missing. `indexes` as a function is called
   * only if something is missing. Throws PACKAGE_CORRUPT, SOURCE_UNAVAILABLE.
   */
  fetch(
    packages: readonly PackageReference[],
    indexes: Archives | (() => Promise<Archives>),
    progress: Progress,
  ): Promise<Map<string, string>>;
  /** Opens a .deb that `fetch` brought; decompressed once and kept. Throws PACKAGE_CORRUPT (also for `../` and absolute-escaping members). */
  open(deb: PackageReference): Promise<DebContents>;
  /**
   * Names of the packages that ship each path (absolute, usr-merged), as the archive's signed Contents say, which may be older than the
   * packages: only a package's own list is sure. Knows programs, units, shared libraries, and modules of Python and Node; a
   * path that nobody ships is left out. Throws what `indexes` throws.
   */
  owners(request: IndexRequest, paths: readonly string[], progress: Progress): Promise<Map<string, string[]>>;
  /** Brings the universe of earlier indexes, by its file's name, to where universes are kept, if somebody else made and kept it. */
  bringUniverse?(file: string): Promise<void>;
  /** Forgets downloads that were not used for so long; what is needed again is fetched again. */
  sweep?(unusedForMs: number): Promise<{ files: number; bytes: number }>;
}
