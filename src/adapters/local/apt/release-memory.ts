import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../../model/canonical.ts';
import { writeAtomically } from '../temporary-file.ts';

/** What is remembered of a suite between runs. */
const memory = z.strictObject({
  validators: z.strictObject({ etag: z.string().optional(), lastModified: z.string().optional() }),
  /** SHA-256 of the InRelease whose signature was good, and digest of the keyring by which it was. */
  inRelease: z.string(),
  keyring: z.string(),
  /** SHA-256 of the text that it signed, kept beside this. */
  text: z.string(),
  /** Newest Date seen, milliseconds. */
  date: z.number(),
  origin: z.string(),
});
export type Memory = z.infer<typeof memory>;
export type Remembered = Memory & { readonly signedText: string };

/** Where the newest Release of each suite that was ever believed is remembered, by a name that is the suite's. */
export interface ReleaseMemory {
  /** Undefined where there is nothing, or nothing that is whole. */
  recall(name: string): Promise<Remembered | undefined>;
  /** Keeps what was believed, unless another process has seen something newer meanwhile. */
  remember(name: string, next: Remembered): Promise<void>;
}

/** A memory in a folder, a folder below it for each suite; files are written in `temporary` first. */
export function folderMemory(folder: string, temporary: string): ReleaseMemory {
  return {
    recall: (name) => recall(join(folder, name)),
    remember: (name, next) => remember(join(folder, name), next, temporary),
  };
}

/** What a JSON text and the signed text that it is about say together. Throws where they are no memory. */
export function rememberedOf(json: string, signedText: string): Remembered {
  const kept = memory.parse(JSON.parse(json));
  // Without its text only the Date, which refuses a roll-back, is of use.
  const whole = sha256(signedText) === kept.text;
  return whole ? { ...kept, signedText } : { ...kept, validators: {}, inRelease: '', keyring: '', signedText: '' };
}

/** Whether what is known already makes it needless to keep `next`. */
export function isCovered(known: Remembered, next: Remembered): boolean {
  return known.date > next.date || JSON.stringify(known) === JSON.stringify(next);
}

async function recall(folder: string): Promise<Remembered | undefined> {
  try {
    const json = await readFile(join(folder, 'seen.json'), 'utf8');
    const { text } = memory.parse(JSON.parse(json));
    return rememberedOf(json, await readFile(join(folder, text), 'utf8').catch(() => ''));
  } catch {
    return undefined;
  }
}

async function remember(folder: string, next: Remembered, temporary: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const now = await recall(folder);
  if (now && isCovered(now, next)) return;
  const { signedText, ...seen } = next;
  await writeAtomically(join(folder, next.text), signedText, temporary);
  await writeAtomically(join(folder, 'seen.json'), JSON.stringify(seen), temporary);
  // Its text is of no use without what was said of it.
  if (now && now.text !== next.text) await rm(join(folder, now.text), { force: true });
}
