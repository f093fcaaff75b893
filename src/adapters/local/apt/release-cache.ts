import { setTimeout as pause } from 'node:timers/promises';
import { verifyClearSigned } from '../../../formats/debian/clear-signature.ts';
import { parseRelease, type Release } from '../../../formats/debian/release.ts';
import { sha256 } from '../../../model/canonical.ts';
import { KilnError } from '../../../model/error.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Progress } from '../../../ports/progress.ts';
import type { Keyring } from './configuration.ts';
import type { ReleaseMemory, Remembered } from './release-memory.ts';
import { type Transport, unavailable, type Validators, withoutPassword } from './transport.ts';

/** One suite of one archive. */
export interface Suite {
  readonly uri: string;
  readonly suite: string;
  readonly keyring: Keyring;
}

export interface ReleaseCacheOptions {
  /** What was seen before. */
  readonly memory: ReleaseMemory;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly backOffMs?: number;
}

/** Clocks differ: so much later or earlier than this machine's is still believed. */
const SKEW_MS = 10 * 60_000;
const MAX_BYTES = 64 << 20;
const TRIES = 3;
const BACK_OFF_MS = 500;

/**
 * The suite's Release, asked for with the validators of the last answer and believed only under its signature; the one seen before where the
 * mirror has an older one. Throws INDEX_UNTRUSTED, INDEX_EXPIRED, INDEX_ROLLED_BACK, INDEX_CORRUPT, SOURCE_UNAVAILABLE.
 */
export async function fetchRelease(suite: Suite, options: ReleaseCacheOptions, progress: Progress): Promise<Release> {
  const { memory, clock } = options;
  const before = await memory.recall(nameOf(suite));
  const uri = `${suite.uri}dists/${suite.suite}/InRelease`;
  const where = withoutPassword(uri);
  // What another keyring vouched for has to be seen again whole.
  const sameKeys = before?.keyring === suite.keyring.digest;
  const answer = await getWithTries(uri, sameKeys ? before.validators : undefined, options);
  const inRelease = answer ? sha256(answer.bytes) : before!.inRelease;
  const known = sameKeys && before.inRelease === inRelease;
  const text = known ? before.signedText : await signedText(answer!.bytes, suite, where, clock);
  const release = parseRelease(text, where);
  if (before && release.date < before.date) {
    const newer = newerSeen(before, { where, sameKeys, release });
    progress.note(`warning: ${where} is of ${day(release.date)}: the newer one of ${day(newer.date)} is used`);
    return checkTimes(newer, where, clock.now());
  }
  checkTimes(release, where, clock.now());
  await memory.remember(nameOf(suite), {
    validators: answer?.validators ?? before!.validators,
    inRelease,
    keyring: suite.keyring.digest,
    text: sha256(text),
    date: release.date,
    origin: release.origin,
    signedText: text,
  });
  return release;
}

/** Origin that the suite's Release had when it was last believed. */
export async function knownOrigin(
  suite: Pick<Suite, 'uri' | 'suite'>,
  memory: ReleaseMemory,
): Promise<string | undefined> {
  return (await memory.recall(nameOf(suite)))?.origin;
}

const nameOf = ({ uri, suite }: Pick<Suite, 'uri' | 'suite'>): string => sha256(`${uri} ${suite}`);

/**
 * What was seen before, where a mirror is behind: machines behind one name are not all updated at once, and going back would undo
 * fixes. Throws INDEX_ROLLED_BACK where only its Date is remembered.
 */
function newerSeen(
  before: Remembered,
  { where, sameKeys, release }: { where: string; sameKeys: boolean; release: Release },
): Release {
  if (sameKeys && before.signedText !== '') return parseRelease(before.signedText, where);
  const message = `${where} is of ${day(release.date)}, and one of ${day(before.date)} was seen before`;
  throw new KilnError('INDEX_ROLLED_BACK', message, {
    hint: 'the mirror is behind, or somebody hides updates: try later, or another mirror',
  });
}

const day = (time: number): string => new Date(time).toISOString();

async function signedText(bytes: Buffer, suite: Suite, uri: string, clock: Clock): Promise<string> {
  return (await verifyClearSigned(bytes, await suite.keyring.keys(), clock.now() + SKEW_MS, uri)).text;
}

/** The Release, if its time is now. */
function checkTimes(release: Release, uri: string, now: number): Release {
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
  return release;
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
