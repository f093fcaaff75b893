import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { KilnError } from '../../model/error.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import { syncDown } from './s3-folder.ts';

/** Key prefix of apt's configuration: below it stand `etc/apt/…` and `usr/share/keyrings/…` as on a Debian machine. */
const BELOW = 'apt/';

interface Place {
  readonly bucket: string;
  readonly client: S3Client;
  readonly folder: string;
  readonly prefix?: string;
}

/**
 * A package source that reads apt's configuration and keyrings from the bucket, since a Lambda has none of its own. `make`
 * gives the source for the folder in which they are then. Throws CONFIG_INVALID that names the bucket where they lack something.
 */
export function withAptConfiguration(place: Place, make: (aptRoot: string) => PackageSource): PackageSource {
  const fresh = synced(place);
  let made: PackageSource | undefined;
  const source = () => {
    made ??= make(join(place.folder, BELOW));
    return made;
  };
  const reading = async <T>(ask: (source: PackageSource) => Promise<T>): Promise<T> => {
    await fresh();
    return ask(source()).catch((error: unknown) => {
      throw inBucket(error, place);
    });
  };
  return {
    indexes: (request, progress) => reading((it) => it.indexes(request, progress)),
    owners: (request, paths, progress) => reading((it) => it.owners(request, paths, progress)),
    fetch: (packages, indexes, progress) => source().fetch(packages, indexes, progress),
    open: (deb) => source().open(deb),
  };
}

const HOLDS_MS = 10_000;

/** Brings what changed, at most every so often: a warm function goes on for hours, and somebody may have mended what it failed by. */
function synced(place: Place): () => Promise<void> {
  let [last, at]: [Promise<void> | undefined, number] = [undefined, 0];
  return () => {
    if (last && Date.now() - at < HOLDS_MS) return last;
    at = Date.now();
    last = syncDown({ prefix: 'settings/', ...place }, BELOW).catch((error: unknown) => {
      last = undefined;
      throw error;
    });
    return last;
  };
}

/** On one machine the fault speaks of that machine's own configuration. */
function inBucket(error: unknown, { bucket, prefix = 'settings/' }: Place): unknown {
  if (!(error instanceof KilnError) || error.code !== 'CONFIG_INVALID') return error;
  const message = error.message.replace('apt source of this machine', `apt source in s3://${bucket}/${prefix}${BELOW}`);
  if (message === error.message) return error;
  const hint =
    'put a Debian machine’s etc/apt there, with the keyrings that it names (docs/aws.md, “Settings”), or name os.sources in the spec';
  return new KilnError('CONFIG_INVALID', message, { hint, cause: error });
}
