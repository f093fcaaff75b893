import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CreateImageCommand, GetImageCommand, type Image, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { canonicalJson, sha256 } from '../../model/canonical.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { ParentBakeRequest, ParentBaker, ParentBakeState } from '../../ports/parent-baker.ts';
import { errorName } from './aws-fault.ts';
import { componentDocument } from './image-builder/component-document.ts';
import { componentOf, recipeOf } from './image-builder/recipes.ts';
import { inParallel } from './in-parallel.ts';
import { sparseFile } from './sparse-file.ts';

export interface ImageBuilder {
  readonly client: ImagebuilderClient;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly store: ArtifactStore;
  /** Folder for what is fetched. */
  readonly work: string;
  /** First part of every name. */
  readonly prefix: string;
  readonly infrastructureArn: string;
  /** Says how the AMI is tagged and encrypted. */
  readonly distributionArn?: string;
}

/** What is kept of a bake that was begun. */
interface Begun {
  readonly arn: string;
  /** Key of the tar of the root tree. */
  readonly tree: string;
}

/** Below it the bucket has packages, overlays, documents, trees, and what was begun. */
const FOLDER = 'image-builder';
const UPLOADS_AT_ONCE = 8;
const ENDED_BADLY = ['FAILED', 'CANCELLED', 'DEPRECATED', 'DELETED', 'DISABLED'];

/** Bakes by EC2 Image Builder: component and recipe by content, CreateImage by client token, then its state at each call. */
export function imageBuilderBaker(builder: ImageBuilder): ParentBaker {
  return {
    async bake(key, request) {
      const note = `${FOLDER}/begun/${sha256(key)}.json`;
      const known = await readJson<Begun>(builder, note);
      const begun = known ?? (await begin(builder, key, await request()));
      if (!known) await put(builder, note, JSON.stringify(begun));
      return look(builder, begun);
    },
  };
}

async function begin(builder: ImageBuilder, key: string, request: ParentBakeRequest): Promise<Begun> {
  const { client, prefix } = builder;
  await uploadPackages(builder, request);
  const overlay = request.overlay === undefined ? undefined : await uploadOverlay(builder, request.overlay);
  const tree = `${FOLDER}/trees/${sha256(canonicalJson({ ...request, packages: lockedOf(request), overlay }))}.tar`;
  const uri = (path: string) => `s3://${builder.bucket}/${path}`;
  const places = { packages: uri(`${FOLDER}/packages`), overlay: overlay && uri(overlay), tree: uri(tree) };
  const document = JSON.stringify(componentDocument(request, places), null, 2);
  const digest = sha256(document);
  await put(builder, `${FOLDER}/documents/${digest}.json`, document);
  const name = `${prefix}-${request.image}`;
  const component = { name, digest, uri: uri(`${FOLDER}/documents/${digest}.json`) };
  const componentArn = await componentOf(client, component);
  const imageRecipeArn = await recipeOf(client, { name, parent: request.parent, componentArn });
  const answer = await client.send(
    new CreateImageCommand({
      imageRecipeArn,
      infrastructureConfigurationArn: builder.infrastructureArn,
      distributionConfigurationArn: builder.distributionArn,
      imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 },
      enhancedImageMetadataEnabled: true,
      tags: { 'kiln:image': request.image },
      clientToken: sha256(key),
    }),
  );
  return { arn: answer.imageBuildVersionArn as string, tree };
}

const lockedOf = ({ packages }: ParentBakeRequest) =>
  packages.map(({ name, version, sha256: of }) => [name, version, of]);

async function look(builder: ImageBuilder, { arn, tree }: Begun): Promise<ParentBakeState> {
  const { image } = await builder.client.send(new GetImageCommand({ imageBuildVersionArn: arn }));
  const status = image?.state?.status ?? 'PENDING';
  if (status === 'AVAILABLE') return made(builder, image as Image, tree);
  if (!ENDED_BADLY.includes(status)) return { kind: 'pending', detail: `Image Builder: ${status.toLowerCase()}` };
  const reason = image?.state?.reason ?? status;
  return { kind: 'failed', reason: `Image Builder ended ${status.toLowerCase()}: ${reason}` };
}

async function made(builder: ImageBuilder, image: Image, tree: string): Promise<ParentBakeState> {
  const imageId = image.outputResources?.amis?.[0]?.image;
  if (!imageId) return { kind: 'failed', reason: `Image Builder made no AMI: ${image.arn}` };
  const path = join(builder.work, `${sha256(`${tree} ${imageId}`).slice(0, 16)}.tar`);
  await mkdir(builder.work, { recursive: true });
  await rm(path, { force: true });
  const { Body } = await builder.s3.send(new GetObjectCommand({ Bucket: builder.bucket, Key: tree }));
  const file = await sparseFile(path);
  await pipeline(Body as Readable, file.writable);
  return { kind: 'made', imageId, treeDigest: await builder.store.put({ path }) };
}

async function uploadPackages(builder: ImageBuilder, { packages }: ParentBakeRequest): Promise<void> {
  await inParallel(UPLOADS_AT_ONCE, packages, async ({ sha256: digest, path }) => {
    const key = `${FOLDER}/packages/${digest}.deb`;
    if (!(await isThere(builder, key))) await put(builder, key, await readFile(path));
  });
}

async function uploadOverlay(builder: ImageBuilder, path: string): Promise<string> {
  const bytes = await readFile(path);
  const key = `${FOLDER}/overlays/${sha256(bytes)}.tar`;
  if (!(await isThere(builder, key))) await put(builder, key, bytes);
  return key;
}

async function put({ s3, bucket }: ImageBuilder, Key: string, Body: Uint8Array | string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ChecksumAlgorithm: 'SHA256' }));
}

async function isThere({ s3, bucket }: ImageBuilder, Key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    return true;
  } catch (error) {
    if (errorName(error) !== 'NotFound') throw error;
    return false;
  }
}

async function readJson<T>({ s3, bucket }: ImageBuilder, Key: string): Promise<T | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return JSON.parse((await Body?.transformToString()) ?? '');
  } catch (error) {
    if (errorName(error) !== 'NoSuchKey') throw error;
    return undefined;
  }
}
