import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KilnError } from '../../model/error.ts';
import { type Draft, nameFrom } from './draft.ts';

interface PackageJson {
  readonly name?: string;
  readonly main?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const INTO = '/opt/app';

/** A Node application: started as its `start` script says, or by its main module. */
export function draftOfNode(folder: string): Draft {
  const described = readPackageJson(join(folder, 'package.json'));
  const entry = entryOf(folder, described);
  const notes: string[] = [];
  if (Object.keys(described.dependencies ?? {}).length > 0 && !existsSync(join(folder, 'node_modules'))) {
    notes.push('Run `npm ci --omit=dev` in the folder first: its dependencies go into the image with it.');
  }
  if (entry === undefined) notes.push('No entry was found: say which module is to run.');
  const port = portIn(entry === undefined ? undefined : join(folder, entry));
  return {
    name: nameFrom(described.name ?? folder),
    description: 'a Node application',
    packages: ['nodejs'],
    from: { path: folder, into: INTO },
    run: { command: ['/usr/bin/node', `${INTO}/${entry ?? 'server.js'}`], workingDirectory: INTO, user: 'www-data' },
    ports: [port ?? 3000],
    http: true,
    notes: port === undefined ? [...notes, 'Port 3000 is a guess.'] : notes,
  };
}

function readPackageJson(path: string): PackageJson {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new KilnError('SPEC_INVALID', `${path}: ${(error as Error).message}`, { hint: 'mend it, then draft again' });
  }
}

function entryOf(folder: string, { scripts, main }: PackageJson): string | undefined {
  const started = /^node\s+(?:--?\S+\s+)*(\S+)/.exec(scripts?.start ?? '')?.[1];
  const candidates = [started, main, 'server.js', 'index.js', 'app.js', 'src/index.js', 'server.mjs', 'index.mjs'];
  return candidates
    .filter((it) => it !== undefined)
    .map((it) => it.replace(/^\.\//, ''))
    .find((it) => existsSync(join(folder, it)));
}

function portIn(file: string | undefined): number | undefined {
  if (file === undefined) return undefined;
  const text = readFileSync(file, 'utf8');
  const found =
    /\blisten\(\s*(\d{2,5})\b/.exec(text) ?? /\bPORT\b[^\n]{0,20}?(?:\?\?|\|\|)\s*["']?(\d{2,5})\b/.exec(text);
  return found ? Number(found[1]) : undefined;
}
