/** One member of an initial RAM file system. */
export interface CpioMember {
  /** Path without a leading slash, such as `bin/sh`. */
  readonly path: string;
  /** File type and permission bits, as `st_mode` has them. */
  readonly mode: number;
  /** Bytes of a file, or the text of a symbolic link. */
  readonly content?: Uint8Array;
}

export const DIRECTORY = 0o040000;
export const REGULAR = 0o100000;
export const SYMLINK = 0o120000;

/**
 * A cpio archive in the kernel's `newc` format (Linux, buffer-format.rst): members in the order given, owned by root,
 * times 0, so that equal members give equal bytes.
 */
export function writeCpio(members: readonly CpioMember[]): Buffer {
  const chunks = members.flatMap((member, index) => writeMember(member, index + 1));
  const body = Buffer.concat([...chunks, ...writeMember({ path: 'TRAILER!!!', mode: 0 }, 0)]);
  return padded(body, 512);
}

function writeMember(member: CpioMember, inode: number): Buffer[] {
  const content = Buffer.from(member.content ?? []);
  const name = Buffer.from(`${member.path}\0`);
  const links = (member.mode & DIRECTORY) === DIRECTORY ? 2 : 1;
  const fields = [inode, member.mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name]), 4), padded(content, 4)];
}

function padded(bytes: Buffer, alignment: number): Buffer {
  const rest = bytes.length % alignment;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(alignment - rest)]);
}
