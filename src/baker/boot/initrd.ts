import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { type CpioMember, DIRECTORY, REGULAR, writeCpio } from '../../formats/archive/cpio.ts';
import type { PlannedModule } from '../../formats/disk/kernel-modules.ts';

const INIT_SCRIPT = new URL('./initrd-init.sh', import.meta.url);
const FOLDERS = ['bin', 'dev', 'modules', 'proc', 'root', 'sys'];

/** What goes into the initial RAM file system. */
export interface InitrdContents {
  /** A static busybox with sh, mount, insmod, findfs and switch_root. */
  readonly busybox: Buffer;
  /** In the order in which they are loaded. */
  readonly modules: readonly (PlannedModule & { readonly content: Buffer })[];
}

/** The initial RAM file system: a zstd-compressed cpio archive, the same bytes for the same contents. */
export async function makeInitrd({ busybox, modules }: InitrdContents): Promise<Buffer> {
  const list = modules.map(({ name, vendors }) => `${vendors.join(',') || 'always'} ${name}.ko\n`).join('');
  const members: CpioMember[] = [
    ...FOLDERS.map((path) => ({ path, mode: DIRECTORY | 0o755 })),
    // Called by its own name: busybox takes the applet from the name that it is started by.
    { path: 'bin/busybox', mode: REGULAR | 0o755, content: busybox },
    { path: 'init', mode: REGULAR | 0o755, content: readFileSync(INIT_SCRIPT) },
    { path: 'modules/list', mode: REGULAR | 0o644, content: Buffer.from(list) },
    ...modules.map(({ name, content }) => ({ path: `modules/${name}.ko`, mode: REGULAR | 0o644, content })),
  ];
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 };
  return promisify(zstdCompress)(writeCpio(members), { params });
}
