import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { isZip } from '../../formats/archive/zip.ts';
import { isElf } from '../../formats/elf/elf.ts';
import { readRange } from '../../formats/tree/folder-tree.ts';
import { KilnError } from '../../model/error.ts';
import { imageSpec } from '../../model/spec.ts';
import { openArchive } from '../lock/closure.ts';
import type { Draft, DraftContext, DraftPorts } from './draft/draft.ts';
import { renderDraft } from './draft/render.ts';
import { draftOfArchive } from './folder/archive.ts';
import { draftOfBinary } from './folder/binary.ts';
import { draftOfFolder } from './folder/folder.ts';
import { draftOfScript, isScript } from './folder/script.ts';
import { draftOfSource, isSource } from './folder/source.ts';
import { draftOfJar } from './language/java.ts';
import { draftOfPackage } from './package/package.ts';

/** Drafts the text of a spec that will stand at `out`, from a package's name or the path of a folder, tar, .deb or binary. */
export async function initSpec(
  ports: DraftPorts,
  target: string,
  out: string,
): Promise<{ text: string; draft: Draft }> {
  const archive = await openArchive(ports, imageSpec.shape.os.parse({}));
  const draft = await detect({ ports, archive }, target);
  requireOutside(draft, out);
  const beside = (path: string) => relative(dirname(resolve(out)), path) || '.';
  const from = draft.from && { ...draft.from, path: beside(draft.from.path) };
  const files = draft.files?.map((it) => (it.source === undefined ? it : { ...it, source: beside(it.source) }));
  return { text: renderDraft({ ...draft, from, files }), draft };
}

async function detect(context: DraftContext, target: string): Promise<Draft> {
  if (!existsSync(target) || isPackageRather(context, target)) return draftOfPackage(context, target);
  const path = resolve(target);
  if (statSync(path).isDirectory()) return draftOfFolder(context, path);
  if (/\.(deb|tar|tar\.(gz|xz|zst)|tgz)$/.test(path)) return draftOfArchive(context, path);
  const head = readRange(path, 0, 64);
  if (isElf(head)) return draftOfBinary(context, path);
  if (isZip(head)) return draftOfJar(context, path);
  if (isSource(path)) return draftOfSource(context, path);
  if (isScript(path)) return draftOfScript(context, path);
  throw new KilnError('USAGE', `${target} is not an application that a spec can be drafted from`, {
    hint: 'name a Debian package, a folder, a .deb, a tar, a binary, a .jar, a .py, .js, .rb or .pl, or a script that begins with #!',
  });
}

/** A package's name, and a folder of that name with nothing in it but specs: it was made to hold the package's. */
function isPackageRather({ archive }: DraftContext, target: string): boolean {
  if (!archive.universe.candidate(target) || !statSync(target).isDirectory()) return false;
  return readdirSync(target).every((it) => /^image\.(ya?ml|lock)$/.test(it));
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
