import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { KilnError } from '../../model/error.ts';
import type { SpecSource } from '../../ports/spec-source.ts';
import { folderSpecSource } from '../local/folder-spec-source.ts';
import { putFile, syncDown } from './s3-folder.ts';
import { stampsOf } from './s3-stamps.ts';

export interface S3Specs {
  readonly bucket: string;
  readonly client: S3Client;
  /** Folder on this machine that mirrors what is needed. */
  readonly folder: string;
  /** Key prefix; default `settings/`. */
  readonly prefix?: string;
}

/**
 * What people keep in the bucket: `images/NAME/image.yaml` with its lock and its files, `accounts.yaml`, `policies/*.yaml`. It is
 * mirrored to a folder before it is read, so it means the same as on one machine.
 */
export function s3SpecSource({ bucket, client, folder, prefix = 'settings/' }: S3Specs): SpecSource {
  const place = { bucket, client, folder, prefix };
  const specOf = (image: string) => join(folder, 'images', image, 'image.yaml');
  const local = folderSpecSource({
    catalog: { getImage: async (name) => ({ name, spec: specOf(name), addedAt: '' }) },
    accounts: join(folder, 'accounts.yaml'),
  });
  const bring = async (image: string) => {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(image)) throw missing(image);
    await syncDown(place, `images/${image}/`);
    if (!existsSync(specOf(image))) throw missing(image);
  };
  const missing = (image: string) => {
    const hint = 'put its spec there: kiln remote add PATH';
    return new KilnError('NOT_FOUND', `no ${prefix}images/${image}/image.yaml in bucket ${bucket}`, { hint });
  };
  return {
    async load(image) {
      await bring(image);
      return { ...(await local.load(image)), reads: [`${prefix}images/${image}/image.yaml`] };
    },
    async readLock(image) {
      await bring(image);
      return local.readLock(image);
    },
    async writeLock(image, lock) {
      await local.writeLock(image, lock);
      await putFile(place, `images/${image}/image.lock`, join(folder, 'images', image, 'image.lock'));
    },
    async accounts(image) {
      await syncDown(place, 'accounts.yaml');
      return local.accounts(image);
    },
    async units(image) {
      await syncDown(place, 'accounts.yaml');
      return (await local.units?.(image)) ?? [];
    },
    async policyFolder(image) {
      await syncDown(place, 'policies/');
      return local.policyFolder(image);
    },
    stamps: (images) => stampsOf(place, images),
  };
}
