import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { verifyClearSigned } from '../../../formats/debian/clear-signature.ts';
import { parseRelease, type Release } from '../../../formats/debian/release.ts';
import { sha256 } from '../../../model/canonical.ts';
import { KilnError } from '../../../model/error.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Keyring } from './configuration.ts';
import { recall, remember } from './release-memory.ts';
import { type Transport, unavailable, type Validators, withoutPassword } from './transport.ts';

/** One suite of one archive. */
export interface Suite {
  readonly uri: string;
  readonly suite: string;
  readonly keyring: Keyring;
}

export interface ReleaseCacheOptions {
  /** Folder of what was seen before. */
  readonly folder: string;
  readonly clock: Clock;
  readonly transport: Transport;
  /** Folder for files that are being written. */
  readonly temporary: string;
  readonly backOffMs?: number;
}

/** Clocks differ: so much later or earlier than this machine's is still believed. */
const SKEW_MS = 10 * 60_000;
const MAX_BYTES = 64 << 20;
const TRIES = 3;
const BACK_OFF_MS = 500;

/**
 * The suite's Release, asked for with the validators of the last answer and believed only under its signature. Throws
 * INDEX_UNTRUSTED, INDEX_EXPIRED, INDEX_ROLLED_BACK, INDEX_CORRUPT, SOURCE_UNAVAILABLE.
 */
export async function fetchRelease(suite: Suite, options: ReleaseCacheOptions): Promise<Release> {
  const before = await recall(folderOf(suite, options.folder));
  const uri = `${suite.uri}dists/${suite.suite}/InRelease`;
  const where = withoutPassword(uri);
  // What another keyring vouched for has to be seen again whole.
  const sameKeys = before?.keyring === suite.keyring.digest;
  const answer = await getWithTries(uri, sameKeys ? before.validators : undefined, options);
  const inRelease = answer ? sha256(answer.bytes) : before!.inRelease;
  const known = sameKeys && before.inRelease === inRelease;
  const text = known ? before.signedText : await signedText(answer!.bytes, suite, where, options.clock);
  const release = parseRelease(text, where);
  checkTimes(release, before?.date, where, options.clock.now());
  const next = {
    validators: answer?.validators ?? before!.validators,
    inRelease,
    keyring: suite.keyring.digest,
    text: sha256(text),
    date: release.date,
    origin: release.origin,
  };
  await remember(folderOf(suite, options.folder), text, next, options.temporary);
  return release;
}

/** Origin that the suite's Release had when it was last believed. */
export async function knownOrigin(suite: Pick<Suite, 'uri' | 'suite'>, folder: string): Promise<string | undefined> {
  return (await recall(folderOf(suite, folder)))?.origin;
}

function folderOf(suite: Pick<Suite, 'uri' | 'suite'>, folder: string): string {
  return join(folder, sha256(`${suite.uri} ${suite.suite}`));
}

async function signedText(bytes: Buffer, suite: Suite, uri: string, clock: Clock): Promise<string> {
  return (await verifyClearSigned(bytes, await suite.keyring.keys(), clock.now() + SKEW_MS, uri)).text;
}

function checkTimes(release: Release, seen: number | undefined, uri: string, now: number): void {
  const day = (time: number) => new Date(time).toISOString();
  if (seen !== undefined && release.date < seen) {
    throw new KilnError(
      'INDEX_ROLLED_BACK',
      `${uri} is of ${day(release.date)}, and one of ${day(seen)} was seen before`,
      {
        hint: 'the mirror is behind, or somebody hides updates: try later, or another mirror',
      },
    );
  }
  if (release.validUntil !== undefined && release.validUntil + SKEW_MS < now) {
    throw new KilnError('INDEX_EXPIRED', `${uri} was valid until ${day(release.validUntil)}`, {
      hint: 'the mirror is no longer updated; or the clock of this machine is wrong',
    });
  }
  if (release.date - SKEW_MS > now) {
    throw new KilnError('INDEX_EXPIRED', `${uri} is of ${day(release.date)}, which is still to come`, {
      hint: 'set the clock of this machine',
    });
  }
}

interface Fetched {
  readonly bytes: Buffer;
  readonly validators: Validators;
}

/** The file's bytes, or undefined when nothing changed. */
async function getWithTries(
  uri: string,
  known: Validators | undefined,
  options: ReleaseCacheOptions,
): Promise<Fetched | undefined> {
  for (let tried = 1; ; tried++) {
    try {
      return await get(uri, known, options.transport);
    } catch (error) {
      if (!(error instanceof KilnError && error.retryable) || tried === TRIES) throw error;
      await pause((options.backOffMs ?? BACK_OFF_MS) * 2 ** (tried - 1));
    }
  }
}

async function get(uri: string, known: Validators | undefined, transport: Transport): Promise<Fetched | undefined> {
  const answer = await transport(uri, { known, fresh: true });
  if (answer.kind === 'unchanged') return undefined;
  if (answer.kind === 'absent') {
    throw new KilnError('SOURCE_UNAVAILABLE', `${withoutPassword(uri)} is not there`, {
      hint: 'check URI and suite of the source',
    });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES)
        throw new KilnError('INDEX_CORRUPT', `${withoutPassword(uri)} is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof KilnError ? error : unavailable(uri, (error as Error).message, error);
  }
  return { bytes: Buffer.concat(chunks), validators: answer.validators };
}
