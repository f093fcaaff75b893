export interface RegisterRequest {
  readonly image: string;
  readonly version: number;
  readonly diskDigest: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Idempotency key: registering twice with one key gives one image. */
  readonly key: string;
}

export interface RegisteredImage {
  readonly imageId: string;
  readonly state: 'private' | 'quarantined' | 'available' | 'deregistered';
  /** Accounts that may launch it now. */
  readonly sharedWith: readonly string[];
}

/** Where machine images are, and who may launch them. Every call is safe to repeat. */
export interface ImageRegistry {
  register(request: RegisterRequest): Promise<RegisteredImage>;
  describe(imageId: string): Promise<RegisteredImage | undefined>;
  share(imageId: string, accounts: readonly string[]): Promise<void>;
  revoke(imageId: string, accounts: readonly string[]): Promise<void>;
  /** Nobody's and not launchable from now on. */
  quarantine(imageId: string, reason: string): Promise<void>;
  deregister(imageId: string): Promise<void>;
  /** Points the image's alias (such as `nginx/latest`) at a version. */
  alias(name: string, imageId: string): Promise<void>;
}
