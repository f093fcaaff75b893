import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PublicKey } from 'openpgp';
import {
  type AptArchive,
  parseSourcesList,
  parseSourcesStanzas,
  type SignedBy,
} from '../../../formats/debian/apt-sources.ts';
import { readKeyring } from '../../../formats/debian/clear-signature.ts';
import { sha256 } from '../../../model/canonical.ts';
import { KilnError } from '../../../model/error.ts';

/** Every binary archive that the apt configuration below `root` names and enables, in apt's order. Throws CONFIG_INVALID. */
export function readArchives(root: string): AptArchive[] {
  const main = readIfThere(join(root, 'etc/apt/sources.list'));
  const archives = main ? parseSourcesList(main.toString(), '/etc/apt/sources.list') : [];
  for (const name of partsOf(join(root, 'etc/apt/sources.list.d'), /\.(list|sources)$/)) {
    const file = `/etc/apt/sources.list.d/${name}`;
    const text = readFileSync(join(root, file), 'utf8');
    archives.push(...(name.endsWith('.list') ? parseSourcesList(text, file) : parseSourcesStanzas(text, file)));
  }
  return archives;
}

/** Public keys with a digest of the bytes that they were read from. */
export interface Keyring {
  readonly digest: string;
  keys(): Promise<PublicKey[]>;
}

/** The keys that may sign an archive: those of its Signed-By, or else all that the machine trusts. Throws CONFIG_INVALID. */
export function keyringOf(root: string, signedBy: SignedBy | undefined): Keyring {
  const parts = signedBy?.inline
    ? [{ where: 'Signed-By', bytes: Buffer.from(signedBy.inline) }]
    : keyFiles(root, signedBy).map((file) => ({ where: file, bytes: readKeyFile(join(root, file), file) }));
  const wanted = signedBy?.fingerprints ?? [];
  return {
    digest: sha256(parts.map(({ bytes }) => sha256(bytes)).join() + wanted.join()),
    async keys() {
      const keys = (await Promise.all(parts.map(({ bytes, where }) => readKeyring(bytes, where)))).flat();
      return wanted.length === 0 ? keys : keys.filter((key) => fingerprints(key).some((it) => wanted.includes(it)));
    },
  };
}

function keyFiles(root: string, signedBy: SignedBy | undefined): string[] {
  if (signedBy && signedBy.files.length > 0) return [...signedBy.files];
  const parts = partsOf(join(root, 'etc/apt/trusted.gpg.d'), /\.(gpg|asc)$/).map(
    (name) => `/etc/apt/trusted.gpg.d/${name}`,
  );
  // What apt-key left; it may be empty or in a format of gpg's own, which apt does not read either.
  const old = readIfThere(join(root, 'etc/apt/trusted.gpg'));
  return old && old.length > 0 && old[0]! >= 0x80 ? ['/etc/apt/trusted.gpg', ...parts] : parts;
}

function fingerprints(key: PublicKey): string[] {
  return [key, ...key.getSubkeys()].map((it) => it.getFingerprint().toUpperCase());
}

function readKeyFile(path: string, file: string): Buffer {
  const bytes = readIfThere(path);
  if (bytes) return bytes;
  throw new KilnError('CONFIG_INVALID', `the keyring ${file} is not there`, {
    hint: 'Signed-By of the source names it; install the package that brings it, such as debian-archive-keyring',
  });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Names that apt would read in a folder, sorted as apt sorts them. */
function partsOf(folder: string, ending: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^[\w.-]+$/.test(name) && ending.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** Environment variables of the proxies to use: the environment's own, else what `apt-config` says; never for this machine. */
export async function proxyEnvironment(): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    /^(https?|no)_proxy$/i.test(name) && value ? [[name.toLowerCase(), value]] : [],
  );
  const proxies: NodeJS.ProcessEnv = { ...(await aptProxies()), ...Object.fromEntries(own) };
  return { ...proxies, no_proxy: [proxies.no_proxy, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(',') };
}

async function aptProxies(): Promise<NodeJS.ProcessEnv> {
  try {
    const { stdout } = await promisify(execFile)('apt-config', [
      'shell',
      'http_proxy',
      'Acquire::http::Proxy',
      'https_proxy',
      'Acquire::https::Proxy',
    ]);
    const lines = [...stdout.matchAll(/^(https?_proxy)='([^']*)'$/gm)].filter(
      (match) => match[2] !== '' && match[2] !== 'DIRECT',
    );
    return Object.fromEntries(lines.map((match) => [match[1]!, match[2]!]));
  } catch {
    // No apt here: then only the environment can name a proxy.
    return {};
  }
}
