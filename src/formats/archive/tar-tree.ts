import { KilnError } from '../../model/error.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { readRange } from '../tree/folder-tree.ts';
import { mapStore, parentPath, treeOver } from '../tree/tree-store.ts';
import { isMergeLink, mergedPath } from '../tree/usr-merge.ts';
import { readTar, type TarMember } from './tar.ts';

/**
 * The tar in a file on this machine as a tree, indexed once, its files read by offset. A hard link is a file that reads
 * the bytes of what it is linked to. Throws PACKAGE_CORRUPT as `readTar` does, and for a member that lies
 * below a symbolic link of the same tar: unpacking it would write wherever the link leads.
 */
export function openTarTree(path: string, options: { package?: string } = {}): FileTree {
  const members = new Map<string, TarMember>();
  for (const member of readTar(path)) {
    const place = memberPlace(member);
    members.set(place, linked(members, member, path));
  }
  for (const place of members.keys()) refuseBelowLink(members, place, path);
  const entries = [...members].map(([place, member]) => entryOf(place, member, options.package));
  return treeOver(
    mapStore(entries, (entry, start, length) => readRange(path, members.get(entry.path)!.offset + start, length)),
  );
}

function memberPlace(member: TarMember): string {
  const { path, type, target } = member;
  return type === 'symlink' && isMergeLink(path, target ?? '') ? path : mergedPath(path);
}

/** The member, or for a hard link the member whose bytes it shares, under the link's name. */
function linked(members: ReadonlyMap<string, TarMember>, member: TarMember, where: string): TarMember {
  if (member.type !== 'link') return member;
  const file = members.get(mergedPath(member.target ?? ''));
  if (file?.type !== 'file' && file?.type !== 'symlink') {
    throw new KilnError(
      'PACKAGE_CORRUPT',
      `${where} links ${member.path} to ${member.target}, which is no file before it`,
    );
  }
  return { ...file, path: member.path };
}

function refuseBelowLink(members: ReadonlyMap<string, TarMember>, place: string, where: string): void {
  for (let parent = parentPath(place); parent !== '/'; parent = parentPath(parent)) {
    const type = members.get(parent)?.type ?? 'directory';
    if (type !== 'directory') {
      throw new KilnError('PACKAGE_CORRUPT', `${where} has ${place} below ${parent}, which is a ${type}`, {
        hint: 'a package must not ship a file through its own link; whoever made it has to mend it',
      });
    }
  }
}

function entryOf(path: string, member: TarMember, owner: string | undefined): FileEntry {
  return {
    path,
    type: member.type as FileEntry['type'],
    mode: member.type === 'symlink' ? 0o777 : member.mode,
    uid: member.uid,
    gid: member.gid,
    size: member.size,
    ...(member.type === 'symlink' ? { target: member.target ?? '' } : {}),
    ...(owner === undefined ? {} : { package: owner }),
    ...(member.xattrs.size > 0 ? { xattrs: member.xattrs } : {}),
  };
}
