import { parseRelations } from '../../formats/debian/relation.ts';
import { parseStanzas, type Stanza } from '../../formats/debian/stanza.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { InventoryPackage } from '../../model/inventory.ts';
import type { Lock } from '../../model/lock.ts';
import type { Alternatives, Relation } from '../../model/relation.ts';
import { readText } from './text.ts';

/** Where an image keeps a control stanza for each package that it has. */
export const STATUS_FOLDER = '/var/lib/dpkg/status.d';

/** What an image says of a package that it has. */
export interface PackageStatus {
  readonly version: string;
  readonly fields: Stanza;
  /** Groups of Pre-Depends and Depends. */
  readonly depends: readonly Alternatives[];
  readonly provides: readonly Relation[];
}

/** Packages that a tree says it has, by name. A file that is no control stanza, or states no relations, is none. */
export function readStatus(tree: FileTree): Map<string, PackageStatus> {
  const found = new Map<string, PackageStatus>();
  for (const name of tree.list(STATUS_FOLDER)) {
    const path = `${STATUS_FOLDER}/${name}`;
    if (name.endsWith('.md5sums')) continue;
    for (const [owner, status] of statusIn(path, readText(tree, path) ?? '')) found.set(owner, status);
  }
  return found;
}

function statusIn(path: string, text: string): [string, PackageStatus][] {
  try {
    return [...parseStanzas(text, { name: path })].flatMap((fields) => {
      const name = fields.get('Package');
      const relations = (field: string) => parseRelations(fields.get(field) ?? '', `${path}: ${field}`);
      const depends = [...relations('Pre-Depends'), ...relations('Depends')];
      const version = fields.get('Version') ?? '';
      return name === undefined ? [] : [[name, { version, fields, depends, provides: relations('Provides').flat() }]];
    });
  } catch (error) {
    // A baked tree may hold anything: what cannot be read is absent, and rules find it so.
    if (error instanceof KilnError) return [];
    throw error;
  }
}

/** Packages that the tree says it has, sorted by name, with what the lock knows of each. */
export function readPackages(tree: FileTree, lock: Lock): InventoryPackage[] {
  const locked = new Map(lock.packages.map((it) => [it.name, it]));
  return [...readStatus(tree)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { version, fields }]) => {
      const [, sourceName = name, sourceVersion = version] =
        /^(\S+)(?: \((.+)\))?$/.exec(fields.get('Source') ?? name) ?? [];
      return {
        name,
        version,
        architecture: fields.get('Architecture') ?? '',
        sourceName,
        sourceVersion,
        layer: locked.get(name)?.layer ?? 'closure',
        whole: locked.get(name)?.files === undefined,
        section: fields.get('Section') ?? '',
        licences: readLicences(tree, name),
      };
    });
}

/**
 * Short names in a machine-readable copyright file (DEP-5), sorted; of free text, the licences in /usr/share/common-licenses that it refers
 * to (Debian Policy §12.5); [] where it names none.
 */
function readLicences(tree: FileTree, name: string): string[] {
  const text = readText(tree, `/usr/share/doc/${name}/copyright`) ?? '';
  if (!/^Format(-Specification)?:/m.test(text.slice(0, 2000))) {
    const named = text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z][\w.+-]*\w)/g);
    return [...new Set([...named].map(([, licence]) => licence!))].sort();
  }
  return [...new Set([...text.matchAll(/^License:[ \t]*(\S.*)$/gm)].map(([, licence]) => licence!.trim()))].sort();
}
