/** `ld.so.conf` (ld.so(8), ldconfig(8)): folders in which the loader looks for libraries, and further files to read. */
export function parseLoaderConfiguration(text: string): { directories: string[]; includes: string[] } {
  const directories: string[] = [];
  const includes: string[] = [];
  for (const line of text.split('\n').map((it) => it.replace(/#.*/, '').trim())) {
    if (/^include\s/.test(line)) includes.push(...line.split(/\s+/).slice(1));
    else if (line !== '' && !/^hwcap\s/.test(line)) directories.push(...line.split(/[\s:,]+/));
  }
  return { directories, includes };
}

/** Debian's multiarch names by ELF machine (e_machine and word size). */
const TRIPLETS: Readonly<Record<string, string>> = {
  '62/64': 'x86_64-linux-gnu',
  '62/32': 'x86_64-linux-gnux32',
  '3/32': 'i386-linux-gnu',
  '183/64': 'aarch64-linux-gnu',
  '40/32': 'arm-linux-gnueabihf',
  '243/64': 'riscv64-linux-gnu',
  '21/64': 'powerpc64le-linux-gnu',
  '22/64': 's390x-linux-gnu',
};

/** Folders that Debian's loader searches without being told, in order. */
export function defaultLibraryDirectories(machine: number, bits: 32 | 64): string[] {
  const triplet = TRIPLETS[`${machine}/${bits}`];
  return [...(triplet ? [`/usr/lib/${triplet}`] : []), '/usr/lib'];
}
