import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Stop } from './stop.mjs';

const LISTS = '/var/lib/apt/lists';
const OLD_MS = 7 * 24 * 3_600_000;

/** Packages of the groups in scripts/debian-packages.json: `{name, why}[]`. */
export function neededDebianPackages(root, groups) {
  const list = JSON.parse(readFileSync(join(root, 'scripts/debian-packages.json'), 'utf8'));
  return groups.flatMap((group) => list[group]);
}

/** Those that dpkg does not know as installed. */
export function missingDebianPackages(packages) {
  const format = '--showformat=${Package} ${db:Status-Status}\n';
  const query = spawnSync('dpkg-query', ['-W', format, ...packages.map((it) => it.name)], { encoding: 'utf8' });
  if (query.error) {
    throw new Stop('this machine has no dpkg-query, and Kiln runs on Debian', [
      'use a machine with Debian 12 or newer',
    ]);
  }
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((it) => !installed.has(it.name));
}

/** Installs packages by apt-get, after saying which and why; as anybody but root says what to run, and stops. */
export function installDebianPackages(packages) {
  const names = packages.map((it) => it.name);
  if (process.getuid() !== 0) {
    throw new Stop('Debian packages are missing, and only root can install them', [
      `apt-get install -y --no-install-recommends ${names.join(' ')}`,
    ]);
  }
  console.error('set-up: installing Debian packages');
  for (const { name, why } of packages) console.error(`  ${name.padEnd(24)} ${why}`);
  if (listsAreOld()) aptGet(['update']);
  if (aptGet(['install', ...names]) === 0) return;
  aptGet(['update']);
  if (aptGet(['install', ...names]) === 0) return;
  throw new Stop(
    `apt-get could not install ${names.join(', ')}`,
    ['see its message above, mend it, and run this again'],
    69,
  );
}

function listsAreOld() {
  try {
    const releases = readdirSync(LISTS).filter((name) => name.endsWith('Release'));
    return !releases.some((name) => Date.now() - statSync(join(LISTS, name)).ctimeMs < OLD_MS);
  } catch {
    return true;
  }
}

function aptGet([verb, ...names]) {
  const options = ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=300'];
  const install = verb === 'install' ? ['-y', '--no-install-recommends', ...names] : [];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', [...options, verb, ...install], { env, stdio: ['ignore', 2, 2] }).status ?? 1;
}
