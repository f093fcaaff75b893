/** What is known of one binary package from a signed index. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
  readonly essential: boolean;
  /** KiB, as stated by Installed-Size. */
  readonly installedSizeKiB: number;
  /** Bytes of the .deb. */
  readonly sizeBytes: number;
  /** Hex digest of the .deb. */
  readonly sha256: string;
  /** Path below the archive's root, such as `pool/main/n/nginx/…`. */
  readonly filename: string;
  /** Position in `SourceIndex[]` of the index that states it. */
  readonly index: number;
}

/** Where a verified Packages file came from. Host names stay out: an index is known by what its Release says. */
export interface IndexIdentity {
  readonly origin: string;
  readonly label: string;
  readonly suite: string;
  readonly codename: string;
  readonly component: string;
  readonly architecture: string;
  /** Hex digest of the uncompressed Packages file, as the signed Release states it. */
  readonly sha256: string;
  /** `Date` of the Release, ISO 8601. */
  readonly date: string;
}

/** A Packages file whose bytes were checked against a signed Release. */
export interface VerifiedIndex extends IndexIdentity {
  /** The machine's source it came from (base of `PackageRecord.filename`), for fetching only; never written to a lock. */
  readonly baseUri: string;
  /** Uncompressed Packages file on this machine. */
  readonly path: string;
  /** apt's pin priority: 500, or 100 for `NotAutomatic` with `ButAutomaticUpgrades`, 1 for `NotAutomatic` alone. */
  readonly priority: number;
}
