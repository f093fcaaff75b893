import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { tarContents } from '../../../baker/application/application-archive.ts';
import { readControl, readDebLayout } from '../../../formats/archive/deb.ts';
import { formatRelation, parseRelations } from '../../../formats/debian/relation.ts';
import { parseStanzas } from '../../../formats/debian/stanza.ts';
import { KilnError } from '../../../model/error.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import { answersOn } from '../draft/web-server.ts';
import { draftOfFolder } from './folder.ts';

const TEXT_LIMIT = 2 ** 18;

/** A .deb or tar of the user's own. Throws PACKAGE_CORRUPT, USAGE. */
export async function draftOfArchive(context: DraftContext, path: string): Promise<Draft> {
  return path.endsWith('.deb') ? draftOfDeb(path) : draftOfTar(context, path);
}

/** What the tar holds decides, as if it were unpacked; the spec names the tar itself. */
async function draftOfTar(context: DraftContext, path: string): Promise<Draft> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-init-'));
  try {
    await promisify(execFile)('tar', ['--extract', '--file', path, '--directory', folder, '--no-same-owner']).catch(
      ({ stderr }: { stderr?: string }) => {
        throw new KilnError('PACKAGE_CORRUPT', `${path}: ${stderr?.split('\n')[0] ?? 'tar cannot read it'}`);
      },
    );
    const top = join(folder, onlyFolderIn(folder));
    const draft = await draftOfFolder(context, top).catch((fault) => {
      throw renamed(fault, top, path);
    });
    return { ...inArchive(draft, folder, path), name: nameFrom(path) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Archives of a release often hold one folder named after it: what is in it lies there in the image, too. */
function onlyFolderIn(folder: string): string {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.length === 1 && entries[0]!.isDirectory() ? entries[0]!.name : '';
}

/** The draft of something below `folder`, which is where the whole archive was unpacked and is so in the image. */
function inArchive(draft: Draft, folder: string, path: string): Draft {
  if (!draft.from || (draft.files ?? []).some((it) => it.source !== undefined))
    return { ...draft, from: { path, into: '/opt/app' } };
  const { into } = draft.from;
  const isFolder = statSync(draft.from.path).isDirectory();
  const inside = relative(folder, isFolder ? draft.from.path : dirname(draft.from.path));
  const moved = <T>(value: T): T =>
    inside === '' || value === undefined
      ? value
      : JSON.parse(JSON.stringify(value).replaceAll(into, `${into}/${inside}`));
  return { ...draft, from: { path, into }, run: moved(draft.run), files: moved(draft.files) };
}

/** The reader knows the archive, not where it was unpacked. */
function renamed(fault: unknown, folder: string, path: string): unknown {
  if (!(fault instanceof KilnError)) return fault;
  return new KilnError(fault.code, fault.message.replaceAll(folder, path), { hint: fault.hint });
}

/** Its Depends are the roots; it runs by its unit, or the program of its name. */
async function draftOfDeb(path: string): Promise<Draft> {
  const control = readControl(path, readDebLayout(path)).get('control')!;
  const [stanza] = parseStanzas(control.toString('utf8'));
  const name = stanza?.get('Package') ?? nameFrom(path);
  const fields = ['Pre-Depends', 'Depends'].map((it) => stanza?.get(it) ?? '').filter((it) => it !== '');
  const groups = fields.flatMap((field) => parseRelations(field, path));
  const { stdout } = await promisify(execFile)('dpkg-deb', ['--contents', path], { maxBuffer: 1 << 28 });
  const paths = stdout.split('\n').map((line) => /\.(\/\S+)/.exec(line)?.[1] ?? '');
  const unit = paths.map((it) => /\/systemd\/system\/([^/@]+\.service)$/.exec(it)?.[1]).find((it) => it !== undefined);
  const heard = portsIn(textsIn(path));
  const program = paths.find((it) => /\/s?bin\/[^/]+$/.test(it));
  return {
    name: nameFrom(name),
    description: `the package ${name} of your own`,
    packages: groups.map((group) => formatRelation(group[0]!)),
    from: { path, into: '/' },
    run: unit ? { unit } : { command: [program ?? `/usr/bin/${name}`] },
    ...answersOn(heard.port, heard),
  };
}

/** Texts of the package that may say where it listens: its configuration first, then what it runs. */
function textsIn(path: string): string[] {
  const files = tarContents(path).filter((it) => it.type === 'file' && it.size < TEXT_LIMIT);
  const some = (pattern: RegExp) => files.filter((it) => pattern.test(it.path)).map((it) => it.read());
  const found = [
    ...some(/^\/etc\//),
    ...some(/\/systemd\/system\//),
    ...some(/\/s?bin\/|^\/(opt|srv)\/|\.(py|js|rb|pl|php)$/),
  ];
  return found.filter((it) => !it.includes(0)).map((it) => it.toString('utf8'));
}
