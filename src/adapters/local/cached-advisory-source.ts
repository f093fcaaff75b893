import { readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { AdvisoryFile, AdvisorySource } from '../../ports/advisory-source.ts';
import { makeTransport, type Transport, type Validators, withoutPassword } from './apt/transport.ts';
import { writeAtomically } from './temporary-file.ts';

/** What is kept beside the bytes of a URL. */
interface Kept {
  readonly digest: string;
  readonly validators: Validators;
}

/** Advisories from files, and from URLs that are asked only for what changed (ETag, Last-Modified) and kept in `cache`. */
export function cachedAdvisorySource(options: { cache: string; transport?: Transport }): AdvisorySource {
  const folder = join(options.cache, 'advisories');
  const transport = options.transport ?? makeTransport();
  return {
    async open(place) {
      const file = place.file === undefined ? await openUrl(folder, transport, place.url!) : await openFile(place.file);
      if (place.sha256 === undefined || place.sha256 === file.digest) return file;
      throw new KilnError('POLICY_INVALID', `${file.name} has the SHA-256 ${file.digest}, not ${place.sha256}`, {
        hint: 'advisories in the policy states which bytes are meant',
      });
    },
  };
}

const digests = new Map<string, { stamp: string; digest: string }>();

/** A file is hashed again only when it looks different. */
async function openFile(path: string): Promise<AdvisoryFile> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile())
    throw new KilnError('NOT_FOUND', `no file ${path}`, {
      hint: 'advisories in a policy names it, relative to the policy',
    });
  const stamp = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
  const bytes = () => readFile(path);
  const known = digests.get(path);
  const digest = known?.stamp === stamp ? known.digest : sha256(await bytes());
  digests.set(path, { stamp, digest });
  return { name: basename(path), digest, bytes };
}

async function openUrl(folder: string, transport: Transport, url: string): Promise<AdvisoryFile> {
  const name = withoutPassword(url);
  const place = join(folder, sha256(url));
  const kept = await readKept(place);
  const fileOf = ({ digest }: Kept, stale?: string): AdvisoryFile => {
    const bytes = () => readFile(`${place}-${digest}`);
    return stale === undefined ? { name, digest, bytes } : { name, digest, bytes, stale };
  };
  try {
    const answer = await transport(url, { known: kept?.validators });
    if (answer.kind === 'unchanged' && kept) return fileOf(kept);
    if (answer.kind === 'body') return fileOf(await keep(place, await buffer(answer.body), answer.validators, kept));
    if (!kept) throw new KilnError('NOT_FOUND', `nothing at ${name}`, { hint: 'advisories in a policy names it' });
    return fileOf(kept, `nothing at ${name} any more`);
  } catch (error) {
    // A publisher that is away must not make an image unknown: what it said last still holds.
    if (kept && error instanceof KilnError && error.retryable) return fileOf(kept, error.message);
    throw error;
  }
}

async function keep(place: string, bytes: Buffer, validators: Validators, before?: Kept): Promise<Kept> {
  const kept: Kept = { digest: sha256(bytes), validators };
  const folder = dirname(place);
  // First the bytes, then what names them: killed in between, the older ones still stand.
  await writeAtomically(`${place}-${kept.digest}`, bytes, folder);
  await writeAtomically(`${place}.json`, JSON.stringify(kept), folder);
  if (before && before.digest !== kept.digest) await rm(`${place}-${before.digest}`, { force: true });
  return kept;
}

async function readKept(place: string): Promise<Kept | undefined> {
  const text = await readFile(`${place}.json`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as Kept;
  return (await stat(`${place}-${kept.digest}`).catch(() => undefined)) ? kept : undefined;
}
