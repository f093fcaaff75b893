export interface RegisterRequest {
  readonly image: string;
  readonly version: number;
  readonly diskDigest: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Idempotency key: registering twice with one key gives one image. */
  readonly key: string;
  /** An image that something else made of the disk already: it is taken over as it is. */
  readonly made?: string;
}

export interface RegisteredImage {
  readonly imageId: string;
  readonly state: 'private' | 'quarantined' | 'available' | 'deregistered';
  /** Accounts, and ARNs of organisations and units, that may launch it now; sorted. */
  readonly sharedWith: readonly string[];
  /** Of these, those that may read its bytes and so make copies of their own; absent where the registry can't tell. */
  readonly readableBy?: readonly string[];
  /** Its copies; absent where there are none. */
  readonly copies?: readonly (ImagePlace & Pick<RegisteredImage, 'imageId' | 'state' | 'sharedWith' | 'readableBy'>)[];
}

/** Where an image or a copy of it is. */
export interface ImagePlace {
  readonly region: string;
  /** ARN of the key that the copy is encrypted with, where that is not the region's own. */
  readonly key?: string;
}

/** How far a copy is. One that failed is begun again by the next call. */
export type CopyState =
  | { readonly kind: 'pending' | 'available'; readonly imageId: string }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Where machine images are, and who may launch them. Every call is safe to repeat. An image's copies in other regions go by its own
 * id: what is said of all of it (quarantine, deregister, deprecate, alias) holds for them as well. A principal is an account's number, or
 * on AWS the ARN of an organisation or of an organisational unit.
 */
export interface ImageRegistry {
  /** Name of the region that images are registered in, which is also called `local`; absent where there is only one place. */
  home?(): Promise<string>;
  /** Snapshots are encrypted with keys that can be shared. */
  readonly encrypts?: boolean;
  register(request: RegisterRequest): Promise<RegisteredImage>;
  describe(imageId: string): Promise<RegisteredImage | undefined>;
  /**
   * At a place (a region, or one of its keys), or where it was registered. Whoever has `rights.copy` may read its snapshot and so make
   * copies of his own; default: true. A registry that tells `readableBy` takes that right away from whoever had it before, where it is false. Throws NOT_FOUND where that place has no finished copy, REFUSED for a quarantined image.
   */
  share(
    imageId: string,
    principals: readonly string[],
    where?: string | ImagePlace,
    rights?: { readonly copy?: boolean },
  ): Promise<void>;
  /** At a place, or everywhere. */
  revoke(imageId: string, principals: readonly string[], where?: string | ImagePlace): Promise<void>;
  /** Nobody's and not launchable from now on. */
  quarantine(imageId: string, reason: string): Promise<void>;
  deregister(imageId: string): Promise<void>;
  /** Removes whatever a registration with this key has begun, of a build that failed before it recorded the image. */
  abandon?(key: string): Promise<void>;
  /** Advises against it from that moment on (ISO 8601): it is listed to nobody new, and launches where it is named. */
  deprecate?(imageId: string, at: string): Promise<void>;
  /**
   * Begins the copy at a place, or tells how far it is; the registry's own place is there already. Absent where there is only one place.
   * Throws NOT_FOUND, REFUSED.
   */
  copy?(imageId: string, where: string | ImagePlace): Promise<CopyState>;
  /** Points the image's alias (such as `nginx/latest`) at a version. */
  alias(name: string, imageId: string): Promise<void>;
  /** Takes an alias away. */
  unalias?(name: string): Promise<void>;
  /** What else refers to it and would break without it, such as `launch template web, version 3`; absent where nothing can. */
  references?(imageId: string): Promise<readonly string[]>;
}
