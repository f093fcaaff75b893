import type { AccessAction, Decision } from '../model/access.ts';
import type { Build, BuildState, Grant, ImageState, ImageVersion, StepRecord } from '../model/build.ts';

/** An image that the catalog knows by name, whether it was ever built or not. */
export interface ImageRecord {
  readonly name: string;
  /** Where its spec is: a path locally, an object's key on AWS. */
  readonly spec: string;
  readonly addedAt: string;
}

/** Something that happened, kept for ever; `id` is its idempotency key. */
export interface EventRecord {
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly image?: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export type LeaseAnswer = { readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: string };

/**
 * All that Kiln remembers. Every write is atomic and safe to repeat with the same arguments.
 * Conflicting writes throw KilnError BUSY (try again) or plain `Error('internal: …')` (a broken promise).
 */
export interface Catalog {
  putImage(image: ImageRecord): Promise<void>;
  getImage(name: string): Promise<ImageRecord | undefined>;
  listImages(): Promise<ImageRecord[]>;

  /** Stores a new build, or returns the stored one that has this id. */
  createBuild(build: Build): Promise<Build>;
  getBuild(id: string): Promise<Build | undefined>;
  /** Newest first. */
  listBuilds(filter: { image?: string; state?: BuildState; limit?: number }): Promise<Build[]>;
  /** Images of which a build ended in one of these states, whenever that was; may be a second behind. */
  imagesWithBuilds(states: readonly BuildState[]): Promise<ReadonlySet<string>>;
  /** Changes the named fields only. */
  updateBuild(
    id: string,
    change: Partial<Pick<Build, 'state' | 'endedAt' | 'version' | 'detail' | 'lockDigest' | 'execution'>>,
  ): Promise<void>;
  /** Adds the step's record or replaces that of the same name. */
  putStep(buildId: string, step: StepRecord): Promise<void>;

  /** The version number that this build's image has or will have: one more than the greatest given out; the same at every call. */
  allocateVersion(image: string, buildId: string): Promise<number>;
  /** Creates the version; with the same buildId it replaces it. */
  putVersion(version: ImageVersion): Promise<void>;
  updateVersion(
    image: string,
    version: number,
    change: { state?: ImageState; facts?: ImageVersion['facts'] },
  ): Promise<void>;
  getVersion(image: string, version: number): Promise<ImageVersion | undefined>;
  /** Newest first; all images when none is named. */
  listVersions(image?: string): Promise<ImageVersion[]>;
  /** Aliases of an image, such as `latest`, with the version that each points at. */
  aliases(image: string): Promise<Record<string, number>>;
  setAlias(image: string, alias: string, version: number): Promise<void>;
  /** All images that have an alias, with the version that it points at and, where that is kept, since when; by name, may be a second behind. */
  listAliased(alias: string): Promise<{ image: string; version: number; since?: string }[]>;
  removeAlias(image: string, alias: string): Promise<void>;
  /**
   * By image, a number that is another one after every change of its versions, aliases and grants; an image that never had one is left
   * out. Absent where it takes reading all of them.
   */
  revisions?(): Promise<ReadonlyMap<string, number>>;

  /** Adds a grant; one that is in force already stays as it is, one that was revoked is in force again. */
  putGrant(grant: Grant): Promise<void>;
  revokeGrant(key: Pick<Grant, 'image' | 'version' | 'account' | 'region'>, revokedAt: string): Promise<void>;
  listGrants(filter: { image?: string; version?: number; account?: string; inForce?: boolean }): Promise<Grant[]>;

  /** Takes the named lease unless somebody else has it; taking one's own again succeeds. */
  acquireLease(name: string, holder: string): Promise<LeaseAnswer>;
  /** Takes a lease from a holder that is known to be dead; false when somebody else was faster. */
  takeOverLease(name: string, from: string, to: string): Promise<boolean>;
  /** Gives it back; does nothing when `holder` does not have it. */
  releaseLease(name: string, holder: string): Promise<void>;

  /** False when an event of this id is there already. */
  recordEvent(event: EventRecord): Promise<boolean>;
  /** Newest first. */
  listEvents(filter: { image?: string; kind?: string; limit?: number }): Promise<EventRecord[]>;

  /** Keeps decisions; one of an id that is there already is left as it is. */
  recordDecisions(decisions: readonly Decision[]): Promise<void>;
  /** Newest first. */
  listDecisions(filter: {
    image?: string;
    version?: number;
    account?: string;
    action?: AccessAction;
    limit?: number;
  }): Promise<Decision[]>;

  /** Small JSON documents by key: what was last seen of an index, a policy, a schedule. */
  getDocument(key: string): Promise<unknown>;
  putDocument(key: string, value: unknown): Promise<void>;
}
