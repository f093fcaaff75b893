/** What is baked on top of an image that somebody else made. */
export interface ParentBakeRequest {
  readonly image: string;
  /** The image to start from: `ami-…`, `ssm:/PATH`, or an ARN of the service that bakes. */
  readonly parent: string;
  /** What must be there at these versions; `path` is the verified .deb on this machine. */
  readonly packages: readonly ParentPackage[];
  /** Globs of the parent's packages that stay besides what boots it. */
  readonly keep: readonly string[];
  /** Tar on this machine of files to lay over the root, owned by root; undefined: none. */
  readonly overlay?: string;
  /** Owners other than root, by path: `user:group`. */
  readonly owners: Readonly<Record<string, string>>;
  /** Unit that is started at boot. */
  readonly unit: string;
  /** Files that must not ship. */
  readonly remove: readonly string[];
  /** Leave documentation out. */
  readonly withoutDocumentation: boolean;
}

export interface ParentPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly path: string;
}

export type ParentBakeState =
  | { readonly kind: 'pending'; readonly detail: string }
  /** `treeDigest` is that of the artifact with the root tree. */
  | { readonly kind: 'made'; readonly imageId: string; readonly treeDigest: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Bakes on top of a vendor's image with a service that takes its time. Safe to repeat. */
export interface ParentBaker {
  /** Begins the bake of this key, or tells how far it is; `request` is asked only where it has not begun. */
  bake(key: string, request: () => Promise<ParentBakeRequest>): Promise<ParentBakeState>;
}
