import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Stop } from './stop.mjs';

const readLock = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** Why `npm ci` is needed, or undefined where node_modules holds what package-lock.json asks for. */
export function npmPackagesMissing(root) {
  let installed;
  try {
    installed = readLock(join(root, 'node_modules/.package-lock.json'));
    accessSync(join(root, 'node_modules/.bin/node'), constants.X_OK);
  } catch {
    return 'node_modules is missing or incomplete';
  }
  const wanted = readLock(join(root, 'package-lock.json'));
  const differing = Object.keys(wanted).filter((path) => path !== '' && differs(wanted[path], installed[path]));
  if (differing.length === 0) return undefined;
  return `node_modules differs from package-lock.json in ${differing.length} packages`;
}

// Optional packages for other machines are in the lock and never installed.
function differs(wanted, installed) {
  return installed ? wanted.version !== installed.version : !wanted.optional && !wanted.link;
}

/** Installs exactly what package-lock.json says, quietly unless it fails. */
export function installNpmPackages(root, reason) {
  console.error(`set-up: npm ci (${reason})`);
  // npm empties node_modules, so it must not run on the Node that lies in there.
  const path = process.env.PATH.split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error', '--no-progress'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
  });
  if (error) throw new Stop(`npm does not start: ${error.message}`, ['install npm: apt-get install -y npm']);
  if (status !== 0) throw new Stop(`npm ci failed with status ${status}`, ['see its message above'], 69);
  const left = npmPackagesMissing(root);
  if (left) {
    throw new Stop(`npm ci has ended, and still ${left}`, ['let npm install optional packages: npm config get omit']);
  }
}
