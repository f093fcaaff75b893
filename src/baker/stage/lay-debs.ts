import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readAr } from '../../formats/archive/ar.ts';
import { readRange } from '../../formats/tree/folder-tree.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import { type LockedControl, pathOf } from './locked-set.ts';

/** Name of a package's file in the folder that dpkg sees. */
export function debName({ deb }: LockedControl): string {
  return `${deb.name}.deb`;
}

/**
 * A folder with the .debs under their packages' names. Where the data is at hand decompressed, the .deb is put together
 * anew around it: decompressing is most of dpkg's time, and it was done once to look for evidence.
 */
export async function layDebs(
  packages: readonly LockedControl[],
  debs: ReadonlyMap<string, string>,
  folder: string,
  source: Pick<PackageSource, 'open'>,
): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const it of packages) {
    const [from, to] = [pathOf(it.deb, debs), join(folder, debName(it))];
    const { dataTar } = await source.open(it.deb);
    if (dataTar) await writePlainDeb(from, dataTar, to);
    else await link(from, to).catch(() => copyFile(from, to));
  }
  return folder;
}

/** deb(5) with an uncompressed data.tar; the control part is taken over as it is. */
async function writePlainDeb(deb: string, dataTar: string, to: string): Promise<void> {
  const control = readAr(deb).find(({ name }) => name.startsWith('control.tar'))!;
  const { size } = await stat(dataTar);
  const file = openSync(to, 'w', 0o644);
  try {
    writeSync(file, '!<arch>\n');
    writeSync(file, member('debian-binary', Buffer.from('2.0\n')));
    writeSync(file, member(control.name, readRange(deb, control.offset, control.size)));
    writeSync(file, memberHeader('data.tar', size));
    appendFile(file, dataTar);
    if (size % 2 === 1) writeSync(file, '\n');
  } finally {
    closeSync(file);
  }
}

function member(name: string, bytes: Buffer): Buffer {
  const padding = Buffer.alloc(bytes.length % 2, '\n');
  return Buffer.concat([Buffer.from(memberHeader(name, bytes.length)), bytes, padding]);
}

/** ar(5): name, time, owner, group, mode and size, each in its own width. */
function memberHeader(name: string, size: number): string {
  const fields: [string, number][] = [
    [name, 16],
    ['0', 12],
    ['0', 6],
    ['0', 6],
    ['100644', 8],
    [String(size), 10],
  ];
  return `${fields.map(([text, width]) => text.padEnd(width)).join('')}\`\n`;
}

const BUFFER = Buffer.allocUnsafe(1 << 20);

function appendFile(to: number, path: string): void {
  const from = openSync(path, 'r');
  try {
    for (let count = readSync(from, BUFFER); count > 0; count = readSync(from, BUFFER)) writeSync(to, BUFFER, 0, count);
  } finally {
    closeSync(from);
  }
}
