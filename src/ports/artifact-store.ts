/** Content-addressed bytes. A digest is a hex SHA-256. Writes are atomic; a stored artifact never changes. */
export interface ArtifactStore {
  has(digest: string): Promise<boolean>;
  /**
   * Stores bytes, or moves in the file at a path (consumed; sparse files stay sparse); returns the digest. `digest` of a file is what its
   * bytes had as they were written just now: they are not read again.
   */
  put(content: { bytes: Uint8Array } | { path: string; digest?: string }): Promise<string>;
  /** Path on this machine of the artifact's bytes, fetched if need be; read-only. Throws NOT_FOUND, ARTIFACT_CORRUPT. */
  path(digest: string): Promise<string>;
  /** Bytes of a small artifact. Throws NOT_FOUND, ARTIFACT_CORRUPT. */
  read(digest: string): Promise<Buffer>;
  remove(digest: string): Promise<void>;
  list(): AsyncIterable<{ digest: string; sizeBytes: number; modifiedAt: string }>;
}
