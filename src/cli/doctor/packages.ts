import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { HostCheck } from './check.ts';

const LIST = new URL('../../../scripts/debian-packages.json', import.meta.url);

/** The Debian packages that Kiln runs programs of; the same list as the set-up's. */
export const debianPackages: HostCheck = async () => {
  const needed = (JSON.parse(readFileSync(LIST, 'utf8')) as { run: { name: string }[] }).run.map((it) => it.name);
  const installed = await installedOf(needed);
  const missing = needed.filter((it) => !installed.has(it));
  const name = 'debian packages';
  if (missing.length === 0) return { name, state: 'ok', found: needed.join(', ') };
  const mend = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  return { name, state: 'missing', found: `not installed: ${missing.join(', ')}`, mend };
};

async function installedOf(names: readonly string[]): Promise<Set<string>> {
  const format = '--showformat=${Package} ${db:Status-Status}\n';
  // It ends with 1 where it does not know some, and prints the others all the same.
  const { stdout } = await promisify(execFile)('dpkg-query', ['-W', format, ...names]).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  const lines = stdout.split('\n').filter((line) => line.endsWith(' installed'));
  return new Set(lines.map((line) => line.split(' ')[0]!));
}
