import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readControl, readDebLayout } from '../../formats/deb.ts';
import { formatRelation, parseRelations } from '../../formats/relation.ts';
import { parseStanzas } from '../../formats/stanza.ts';
import { KilnError } from '../../model/error.ts';
import { type Draft, type DraftContext, nameFrom } from './draft.ts';
import { draftOfFolder } from './folder.ts';

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
    const draft = await draftOfFolder(context, folder);
    return { ...draft, name: nameFrom(path), from: draft.from && { ...draft.from, path } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  const program = paths.find((it) => /\/s?bin\/[^/]+$/.test(it));
  return {
    name: nameFrom(name),
    description: `the package ${name} of your own`,
    packages: groups.map((group) => formatRelation(group[0]!)),
    from: { path, into: '/' },
    run: unit ? { unit } : { command: [program ?? `/usr/bin/${name}`] },
    ports: [],
    http: false,
    notes: ['The console of the first build says what it listens on. Add `ports`, and a test that asks one.'],
  };
}
