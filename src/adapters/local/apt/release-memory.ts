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

/** What is remembered; undefined where there is nothing, or nothing that is whole. */
export async function recall(folder: string): Promise<Remembered | undefined> {
  try {
    const kept = memory.parse(JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8')));
    const signedText = await readFile(join(folder, kept.text), 'utf8').catch(() => '');
    // Without its text only the Date, which refuses a roll-back, is of use.
    const whole = sha256(signedText) === kept.text;
    return whole ? { ...kept, signedText } : { ...kept, validators: {}, inRelease: '', keyring: '', signedText: '' };
  } catch {
    return undefined;
  }
}

/** Keeps what was believed of a suite, unless another process has seen something newer meanwhile. */
export async function remember(folder: string, text: string, next: Memory, temporary: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const now = await recall(folder);
  if (now && (now.date > next.date || JSON.stringify({ ...now, signedText: undefined }) === JSON.stringify(next)))
    return;
  await writeAtomically(join(folder, next.text), text, temporary);
  await writeAtomically(join(folder, 'seen.json'), JSON.stringify(next), temporary);
  // Its text is of no use without what was said of it.
  if (now && now.text !== next.text) await rm(join(folder, now.text), { force: true });
}
