import type { AdvisoryPlace } from '../model/advisory.ts';

/** What a place of advisories holds now. */
export interface AdvisoryFile {
  /** As it is told to people. */
  readonly name: string;
  /** Hex SHA-256 of the bytes. */
  readonly digest: string;
  readonly bytes: () => Promise<Buffer>;
  /** Why these are the bytes of an earlier day, where the place could not be asked. */
  readonly stale?: string;
}

/** Where known vulnerabilities are published. */
export interface AdvisorySource {
  /**
   * Fetches what changed. A place that cannot be reached gives what it held last. Throws NOT_FOUND, SOURCE_UNAVAILABLE (and nothing
   * is kept of it), POLICY_INVALID when the bytes do not have the SHA-256 that the policy states.
   */
  open(place: AdvisoryPlace): Promise<AdvisoryFile>;
}
