import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { readZipMember } from '../../formats/zip.ts';
import { KilnError } from '../../model/error.ts';
import { type Draft, nameFrom } from './draft.ts';

const INTO = '/opt/app';

/** A .jar that says what to run, alone or in `folder`. Throws USAGE for one without a main class, PACKAGE_CORRUPT. */
export function draftOfJar(path: string, folder?: string): Draft {
  const manifest = readZipMember(readFileSync(path), 'META-INF/MANIFEST.MF', path)?.toString('utf8') ?? '';
  if (!/^Main-Class:/m.test(manifest)) {
    throw new KilnError('USAGE', `${path} names no main class`, {
      hint: 'give the .jar a Main-Class in META-INF/MANIFEST.MF, or write the spec with a command of its own',
    });
  }
  const inside = folder === undefined ? basename(path) : relative(folder, path);
  return {
    name: nameFrom((folder ?? path).replace(/\.jar$/, '')),
    description: 'a Java application',
    packages: ['default-jre-headless'],
    from: { path: folder ?? path, into: INTO },
    run: { command: ['/usr/bin/java', '-jar', `${INTO}/${inside}`], workingDirectory: INTO, user: 'www-data' },
    ports: [],
    http: false,
    notes: ['The console of the first build says what it listens on. Add `ports`, and a test that asks one.'],
  };
}
