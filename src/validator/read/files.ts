import { hash } from 'node:crypto';
import { type ElfFacts, isElf } from '../../formats/elf/elf.ts';
import { parseInterpreterLine } from '../../formats/shell/interpreter-line.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type {
  InventoryFile,
  InventoryGroup,
  InventoryScript,
  InventorySecret,
  InventoryUser,
  Reachability,
} from '../../model/inventory.ts';
import { readCapabilities } from './capabilities.ts';
import { elfOf } from './elf.ts';
import type { Owners } from './owners.ts';
import { findSecrets, secretByPlace } from './secrets.ts';

/** What one pass over all bytes of a tree finds. */
export interface FileFacts {
  readonly files: InventoryFile[];
  readonly elf: { readonly path: string; readonly package: string; readonly facts: ElfFacts }[];
  readonly scripts: InventoryScript[];
  readonly secrets: InventorySecret[];
  readonly bytes: number;
}

export interface FileQuestions {
  readonly owners: Owners;
  readonly users: readonly InventoryUser[];
  readonly groups: readonly InventoryGroup[];
  readonly reachability?: Reachability;
}

/** Reads each regular file of the tree once: hash, ELF facts, script interpreter, key material. */
export function readFiles(tree: FileTree, questions: FileQuestions): FileFacts {
  const describe = describer(questions);
  const runs = runsOf(questions.reachability);
  const found: FileFacts & { bytes: number } = { files: [], elf: [], scripts: [], secrets: [], bytes: 0 };
  for (const entry of tree.entries()) {
    const file = describe(entry);
    found.files.push(file);
    if (entry.type !== 'file') continue;
    const bytes = tree.read(entry.path);
    file.sha256 = hash('sha256', bytes, 'hex');
    found.bytes += bytes.length;
    sort(found, tree, file, bytes, runs);
  }
  return found;
}

/** What is executed: a Python module with a `#!` line that is only imported needs no interpreter of that name. */
function runsOf(reachability: Reachability | undefined): (path: string) => boolean {
  if (!reachability) return () => true;
  return (path) => (reachability.executed ?? reachability.reachable).has(path);
}

function sort(
  found: FileFacts,
  tree: FileTree,
  { path, package: owner }: InventoryFile,
  bytes: Buffer,
  runs: (path: string) => boolean,
): void {
  const facts = isElf(bytes) ? elfOf(tree, path, bytes) : undefined;
  if (facts) found.elf.push({ path, package: owner, facts });
  const script = facts ? undefined : scriptOf(bytes);
  if (script) found.scripts.push({ path, package: owner, ...script, reachable: runs(path) });
  const placed = secretByPlace(path, bytes);
  const secrets = placed ? [placed] : facts ? [] : findSecrets(bytes);
  for (const secret of secrets) found.secrets.push({ path, package: owner, ...secret });
}

function scriptOf(bytes: Buffer): { interpreter: string; command: string } | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  // execve(2) reads no more of the line.
  const line = parseInterpreterLine(bytes.toString('latin1', 0, 256));
  return line && { interpreter: line.interpreter, command: line.looksUp ?? '' };
}

function describer({ owners, users, groups }: FileQuestions): (entry: FileEntry) => InventoryFile {
  const userOf = new Map(users.map(({ uid, name }) => [uid, name]));
  const groupOf = new Map(groups.map(({ gid, name }) => [gid, name]));
  return (entry) => ({
    path: entry.path,
    type: entry.type,
    mode: entry.mode.toString(8).padStart(4, '0'),
    uid: entry.uid,
    gid: entry.gid,
    owner: userOf.get(entry.uid) ?? '',
    group: groupOf.get(entry.gid) ?? '',
    size: entry.size,
    target: entry.target ?? '',
    package: owners.get(entry.path)?.[0] ?? entry.package ?? '',
    sha256: '',
    setuid: (entry.mode & 0o4000) !== 0,
    setgid: (entry.mode & 0o2000) !== 0,
    sticky: (entry.mode & 0o1000) !== 0,
    worldReadable: (entry.mode & 0o004) !== 0,
    worldWritable: entry.type !== 'symlink' && (entry.mode & 0o002) !== 0,
    groupWritable: entry.type !== 'symlink' && (entry.mode & 0o020) !== 0,
    executable: entry.type === 'file' && (entry.mode & 0o111) !== 0,
    capabilities: readCapabilities(entry.xattrs?.get('security.capability')),
  });
}
