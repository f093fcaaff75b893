import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PackageSource } from '../../ports/package-source.ts';
import { syncDown } from './s3-folder.ts';

/** Key prefix of apt's configuration: below it stand `etc/apt/…` and `usr/share/keyrings/…` as on a Debian machine. */
const BELOW = 'apt/';

/**
 * A package source that reads apt's configuration and keyrings from the bucket, since a Lambda has none of its own. `make`
 * gives the source for the folder in which they are then.
 */
export function withAptConfiguration(
  place: { bucket: string; client: S3Client; folder: string; prefix?: string },
  make: (aptRoot: string) => PackageSource,
): PackageSource {
  let made: Promise<PackageSource> | undefined;
  const source = async () => {
    made ??= syncDown({ prefix: 'settings/', ...place }, BELOW).then(() => make(join(place.folder, BELOW)));
    return made;
  };
  return {
    indexes: async (request, progress) => (await source()).indexes(request, progress),
    fetch: async (packages, indexes, progress) => (await source()).fetch(packages, indexes, progress),
    open: async (deb) => (await source()).open(deb),
    owners: async (request, paths, progress) => (await source()).owners(request, paths, progress),
  };
}
