/** A FAT32 file system that holds a few files, written front to back (Microsoft FAT specification 1.03). */
export interface FatFile {
  /** Path with `/`, each name in 8.3 form and upper case, such as `EFI/BOOT/BOOTX64.EFI`. */
  readonly path: string;
  readonly content: Buffer;
}

export interface FatRequest {
  /** Bytes of the volume; a multiple of 512 and large enough for FAT32's 65,525 clusters. */
  readonly size: number;
  readonly volumeId: number;
  /** At most eleven characters, upper case. */
  readonly label: string;
  /** Bytes from the disk's start to the volume's. */
  readonly hiddenBytes: number;
  /** Seconds since the epoch, for every time stamp. */
  readonly time: number;
  readonly files: readonly FatFile[];
}

const SECTOR = 512;
const RESERVED_SECTORS = 32;
const LEAST_CLUSTERS = 65_525;
const END_OF_CHAIN = 0x0fffffff;
const ATTRIBUTE = { label: 0x08, directory: 0x10, archive: 0x20 } as const;

interface Node {
  readonly name: string;
  readonly children: Map<string, Node> | undefined;
  readonly content: Buffer;
}

/**
 * The volume's bytes from its start to the end of the last file; what follows, up to `size`, is zero. Files lie in one
 * piece, and equal requests give equal bytes. Throws `Error` where a name is not 8.3 or the files do not fit.
 */
export function writeFat32(request: FatRequest): Buffer {
  const geometry = layOut(request.size / SECTOR);
  const fat: number[] = [0x0ffffff8, END_OF_CHAIN];
  const clusters: Buffer[] = [];
  const allocate = (bytes: number): number => {
    const count = Math.max(1, Math.ceil(bytes / geometry.clusterBytes));
    const first = fat.length;
    for (let index = 0; index < count; index++) fat.push(index === count - 1 ? END_OF_CHAIN : first + index + 1);
    return first;
  };
  const place = (node: Node, parent: number, isRoot: boolean): number => {
    const entryCount = (node.children?.size ?? 0) + (isRoot ? 1 : 2);
    const first = allocate(node.children ? entryCount * 32 : node.content.length);
    const slot = clusters.push(Buffer.alloc(0)) - 1;
    clusters[slot] = node.children ? writeDirectory(node.children, { self: first, parent, isRoot }) : node.content;
    return first;
  };
  const writeDirectory = (
    children: Map<string, Node>,
    at: { self: number; parent: number; isRoot: boolean },
  ): Buffer => {
    const dots = [
      directoryEntry('.', ATTRIBUTE.directory, at.self, 0, request.time),
      directoryEntry('..', ATTRIBUTE.directory, at.parent, 0, request.time),
    ];
    const label = [directoryEntry(request.label, ATTRIBUTE.label, 0, 0, request.time)];
    const own = [...children.values()].map((child) => {
      const attribute = child.children ? ATTRIBUTE.directory : ATTRIBUTE.archive;
      return directoryEntry(
        shortName(child.name),
        attribute,
        place(child, at.isRoot ? 0 : at.self, false),
        child.content.length,
        request.time,
      );
    });
    return Buffer.concat([...(at.isRoot ? label : dots), ...own]);
  };
  place(treeOf(request.files), 0, true);
  if (fat.length - 2 > geometry.clusterCount) throw new Error('internal: the files do not fit in the FAT volume');
  return compose(request, geometry, fat, clusters);
}

/** Bytes of a volume that holds `contentBytes` of files and `spare` of the same again, in whole MiB. */
export function fatVolumeSize(contentBytes: number): number {
  const least = (LEAST_CLUSTERS + 16) * SECTOR + RESERVED_SECTORS * SECTOR + 2 * LEAST_CLUSTERS * 4;
  return Math.ceil(Math.max(least, contentBytes * 1.02 + 2 ** 20) / 2 ** 20) * 2 ** 20;
}

function layOut(sectors: number) {
  for (const sectorsPerCluster of [8, 4, 2, 1]) {
    const fatSectors = Math.ceil(((sectors - RESERVED_SECTORS) / sectorsPerCluster + 2) / (SECTOR / 4));
    const clusterCount = Math.floor((sectors - RESERVED_SECTORS - 2 * fatSectors) / sectorsPerCluster);
    if (clusterCount >= LEAST_CLUSTERS) {
      return { sectorsPerCluster, fatSectors, clusterCount, clusterBytes: sectorsPerCluster * SECTOR };
    }
  }
  throw new Error('internal: too small for FAT32');
}

function treeOf(files: readonly FatFile[]): Node {
  const root: Node = { name: '', children: new Map(), content: Buffer.alloc(0) };
  for (const file of files) {
    const names = file.path.split('/');
    let folder = root;
    for (const name of names.slice(0, -1)) {
      const next = folder.children!.get(name) ?? { name, children: new Map(), content: Buffer.alloc(0) };
      folder.children!.set(name, next);
      folder = next;
    }
    const name = names.at(-1)!;
    folder.children!.set(name, { name, children: undefined, content: file.content });
  }
  return root;
}

function shortName(name: string): string {
  const match = /^([A-Z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}))?$/.exec(name);
  if (!match) throw new Error(`internal: ${name} is not an 8.3 name`);
  return match[1]!.padEnd(8) + (match[2] ?? '').padEnd(3);
}

function directoryEntry(name: string, attribute: number, cluster: number, size: number, time: number): Buffer {
  const entry = Buffer.alloc(32);
  entry.write(name.padEnd(11), 0, 11, 'latin1');
  entry.writeUInt8(attribute, 11);
  const at = new Date(Math.max(time * 1000, Date.UTC(1980, 0, 1)));
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const clock = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  for (const [offset, value] of [
    [14, clock],
    [16, date],
    [18, date],
    [22, clock],
    [24, date],
  ] as const) {
    entry.writeUInt16LE(value, offset);
  }
  entry.writeUInt16LE(cluster >>> 16, 20);
  entry.writeUInt16LE(cluster & 0xffff, 26);
  entry.writeUInt32LE(size, 28);
  return entry;
}

function compose(request: FatRequest, geometry: ReturnType<typeof layOut>, fat: number[], clusters: Buffer[]): Buffer {
  const { fatSectors, clusterBytes, clusterCount } = geometry;
  const reserved = Buffer.alloc(RESERVED_SECTORS * SECTOR);
  const boot = bootSector(request, geometry);
  const info = informationSector(clusterCount - (fat.length - 2), fat.length);
  boot.copy(reserved, 0);
  info.copy(reserved, SECTOR);
  boot.copy(reserved, 6 * SECTOR);
  info.copy(reserved, 7 * SECTOR);
  const table = Buffer.alloc(fatSectors * SECTOR);
  fat.forEach((value, index) => {
    table.writeUInt32LE(value, index * 4);
  });
  const data = clusters.flatMap((content) => {
    const bytes = Math.max(1, Math.ceil(content.length / clusterBytes)) * clusterBytes;
    return [content, Buffer.alloc(bytes - content.length)];
  });
  return Buffer.concat([reserved, table, table, ...data]);
}

function bootSector(request: FatRequest, geometry: ReturnType<typeof layOut>): Buffer {
  const sector = Buffer.alloc(SECTOR);
  Buffer.from([0xeb, 0x58, 0x90]).copy(sector, 0);
  sector.write('KILN    ', 3, 'latin1');
  sector.writeUInt16LE(SECTOR, 11);
  sector.writeUInt8(geometry.sectorsPerCluster, 13);
  sector.writeUInt16LE(RESERVED_SECTORS, 14);
  sector.writeUInt8(2, 16);
  sector.writeUInt8(0xf8, 21);
  sector.writeUInt16LE(63, 24);
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(request.hiddenBytes / SECTOR, 28);
  sector.writeUInt32LE(request.size / SECTOR, 32);
  sector.writeUInt32LE(geometry.fatSectors, 36);
  sector.writeUInt32LE(2, 44);
  sector.writeUInt16LE(1, 48);
  sector.writeUInt16LE(6, 50);
  sector.writeUInt8(0x80, 64);
  sector.writeUInt8(0x29, 66);
  sector.writeUInt32LE(request.volumeId >>> 0, 67);
  sector.write(request.label.padEnd(11), 71, 11, 'latin1');
  sector.write('FAT32   ', 82, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function informationSector(freeClusters: number, nextFree: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.writeUInt32LE(0x41615252, 0);
  sector.writeUInt32LE(0x61417272, 484);
  sector.writeUInt32LE(freeClusters, 488);
  sector.writeUInt32LE(nextFree, 492);
  sector.writeUInt32LE(0xaa550000, 508);
  return sector;
}
