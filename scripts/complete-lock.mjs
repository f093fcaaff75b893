// Adds to package-lock.json the optional packages for other machines that npm left out of it, as it does where a
// registry does not carry them; `npm ci` refuses a lock without them. Run it after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

/** Entries that the lock's `packages` lack: `[path, entry][]`. */
export function missingOptionalPackages(packages) {
  const wanted = Object.values(packages).flatMap((it) =>
    Object.entries(it.optionalDependencies ?? {}).map((pair) => [it, pair]),
  );
  return wanted
    .filter(
      ([, [name]]) =>
        !Object.keys(packages).some(
          (path) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
        ),
    )
    .map(([parent, [name, version]]) => [`node_modules/${name}`, entryOf(parent, name, version)]);
}

// Without `os` and `cpu` npm would try to install it here.
function entryOf(parent, name, version) {
  const words = name.split('/').at(-1).split('-');
  const os = OPERATING_SYSTEMS.filter((it) => words.includes(it));
  const cpu = PROCESSORS.filter((it) => words.includes(it));
  if (!/^\d+\.\d+\.\d+\S*$/.test(version) || os.length === 0)
    throw new Error(`internal: cannot tell which machine ${name}@${version} is for`);
  return { version, cpu, ...(parent.dev ? { dev: true } : {}), optional: true, os };
}

/** Completes the file in place; gives how many entries it added. */
function completeLock(path) {
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const missing = missingOptionalPackages(lock.packages);
  if (missing.length === 0) return 0;
  const all = { ...lock.packages, ...Object.fromEntries(missing) };
  lock.packages = Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  return missing.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(
    `package-lock.json: ${completeLock(fileURLToPath(new URL('../package-lock.json', import.meta.url)))} entries added`,
  );
}
