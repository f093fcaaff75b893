import { existsSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { isElf } from '../formats/elf.ts';
import { readRange } from '../formats/folder-tree.ts';
import { KilnError } from '../model/error.ts';
import { imageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import type { Universe } from '../resolver/universe.ts';
import { openArchive } from './closure.ts';
import { draftOfArchive } from './init-spec-archive.ts';
import { draftOfBinary } from './init-spec-binary.ts';
import { draftOfFolder } from './init-spec-folder.ts';
import { draftOfPackage } from './init-spec-package.ts';
import { renderDraft } from './init-spec-render.ts';

/** What could be found out about an application; what could not is said in `notes`. */
export interface Draft {
  readonly name: string;
  /** What it was drafted from, in a few words. */
  readonly description: string;
  readonly packages: readonly string[];
  /** Path of the application on this machine, and where it goes. */
  readonly from?: { readonly path: string; readonly into: string };
  readonly run: { unit: string } | { command: readonly string[]; workingDirectory?: string; user?: string };
  readonly ports: readonly number[];
  /** Whether it answers HTTP on its first port. */
  readonly http: boolean;
  /** For the reader of the draft, one sentence each. */
  readonly notes: readonly string[];
}

export type DraftPorts = Pick<Ports, 'source' | 'progress'>;

/** What detectors look things up in. */
export interface DraftContext {
  readonly ports: DraftPorts;
  readonly archive: { readonly universe: Universe; readonly indexes: readonly { baseUri: string }[] };
}

/** Drafts the text of a spec that will stand at `out`, from a package's name or the path of a folder, tar, .deb or binary. */
export async function initSpec(
  ports: DraftPorts,
  target: string,
  out: string,
): Promise<{ text: string; draft: Draft }> {
  const archive = await openArchive(ports, imageSpec.shape.os.parse({}));
  const draft = await detect({ ports, archive }, target);
  requireOutside(draft, out);
  const from = draft.from && { ...draft.from, path: relative(dirname(resolve(out)), draft.from.path) || '.' };
  return { text: renderDraft({ ...draft, from }), draft };
}

async function detect(context: DraftContext, target: string): Promise<Draft> {
  if (!existsSync(target)) return draftOfPackage(context, target);
  const path = resolve(target);
  if (statSync(path).isDirectory()) return draftOfFolder(context, path);
  if (/\.(deb|tar|tar\.(gz|xz|zst)|tgz)$/.test(path)) return draftOfArchive(context, path);
  if (isElf(readRange(path, 0, 64))) return draftOfBinary(context, path);
  throw new KilnError('USAGE', `${target} is not an application that a spec can be drafted from`, {
    hint: 'name a Debian package, a folder, a .deb, a tar or a binary',
  });
}

// The spec and its lock would be part of the application, and each new lock would change what it was made from.
function requireOutside({ from }: Draft, out: string): void {
  if (!from || !statSync(from.path).isDirectory()) return;
  const inside = relative(from.path, resolve(out));
  if (inside.startsWith('..')) return;
  throw new KilnError('USAGE', `${out} would be part of the application`, {
    hint: `write it beside the folder: --out ${relative('.', `${from.path}.yaml`) || `${from.path}.yaml`}`,
  });
}

/** An image's name made from a file's: `My_App.tar.gz` → `my-app`. */
export function nameFrom(path: string): string {
  const stem = basename(path)
    .toLowerCase()
    .replace(/\.(deb|tar(\.\w+)?|tgz|ya?ml)$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return stem.slice(0, 63) || 'app';
}
