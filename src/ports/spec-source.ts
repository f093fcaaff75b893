import type { Account, OrganizationalUnit } from '../model/account.ts';
import type { Lock } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';

export interface LoadedSpec {
  readonly spec: ImageSpec;
  /** Folder on this machine that relative paths of the spec start from. */
  readonly directory: string;
  /** Hex digest of the spec and of all files of the user's own that it names. */
  readonly digest: string;
  /** Hex digest of those parts that decide the lock: os, application, resolution, boot, identities. */
  readonly lockInputs: string;
  /** Files and folders on this machine, or keys, that it was read from, its own first; absent where that cannot be told. */
  readonly reads?: readonly string[];
}

/** An image whose stamp is asked for. */
export interface StampRequest {
  readonly name: string;
  /** What its spec was read from last. */
  readonly reads: readonly string[];
}

/** Where people keep what Kiln works from: specs with their locks, accounts, policies. */
export interface SpecSource {
  /** Throws KilnError NOT_FOUND, SPEC_INVALID. */
  load(image: string): Promise<LoadedSpec>;
  /** The lock beside the spec. Throws LOCK_CORRUPT when its digest does not hold. */
  readLock(image: string): Promise<Lock | undefined>;
  writeLock(image: string, lock: Lock): Promise<void>;
  /** The accounts that may be named at all, as they hold for the image. Throws CONFIG_INVALID. */
  accounts(image: string): Promise<Account[]>;
  /** The units that may be shared with as a whole. Throws CONFIG_INVALID. */
  units?(image: string): Promise<OrganizationalUnit[]>;
  /** Folder of the user's policy files; undefined where there is none. */
  policyFolder(image: string): Promise<string | undefined>;
  /**
   * By image, a text that is another one after every change of what it is specified, judged and given by: the files of `reads`, accounts,
   * policies. Takes no reading. What changed in this very moment is left out, for it may change once more. Absent where it takes reading.
   */
  stamps?(images: readonly StampRequest[]): Promise<ReadonlyMap<string, string>>;
}
