import { readControl, readDebLayout } from '../formats/archive/deb.ts';
import type { Lock } from '../model/lock.ts';
import { pathOf } from './stage/locked-set.ts';
import type { RuntimeFile } from './types.ts';

/**
 * `/var/lib/dpkg/status.d/<package>` for each package of which something ships, with its own control stanza: where scanners
 * and the validator look. One of which only files ship says so.
 */
export function statusFiles(lock: Lock, debs: ReadonlyMap<string, string>): RuntimeFile[] {
  return lock.packages.map((it) => {
    const path = pathOf(it, debs);
    const stanza = readControl(path, readDebLayout(path)).get('control')!.toString('utf8').trimEnd();
    const content = Buffer.from(`${stanza}${it.files ? '\nKiln-Ships: files' : ''}\nStatus: install ok installed\n`);
    return { path: `/var/lib/dpkg/status.d/${it.name}`, mode: 0o644, uid: 0, gid: 0, content };
  });
}
