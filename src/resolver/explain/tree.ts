import { type ExplainedPackage, makeReasonGraph, type OwnerOf, type ReasonGraph } from './graph.ts';

/** A package where the tree first comes to it; further places have `again` and no children. */
export interface TreeNode {
  readonly name: string;
  readonly version: string;
  /** KiB of the package itself; 0 where only files of it are in, which no index tells the size of. */
  readonly ownKiB: number;
  /** Where only some files of it are in: how many, and KiB of the whole package. */
  readonly part?: { readonly files: number; readonly wholeKiB: number };
  /** KiB that would go with it: it and all that is in only because of it. */
  readonly branchKiB: number;
  /** Whether more than one package (or the spec as well) asks for it. */
  readonly shared: boolean;
  readonly again: boolean;
  readonly children: readonly TreeNode[];
}

/** The set as trees below what the spec, evidence or the machine asks for; larger branches first. */
export function treeOf(packages: readonly ExplainedPackage[], ownerOf?: OwnerOf): TreeNode[] {
  const graph = makeReasonGraph(packages, ownerOf);
  const branch = new Map([...graph.packages.keys()].map((name) => [name, branchSize(graph, name)]));
  const seen = new Set<string>();
  const visit = (name: string): TreeNode => {
    const found = graph.packages.get(name)!;
    const { version, installedSizeKiB, files } = found;
    const again = seen.has(name);
    seen.add(name);
    const askers = new Set((graph.into.get(name) ?? []).map((it) => it.from));
    const below = again ? [] : inOrder(new Set((graph.outOf.get(name) ?? []).map((it) => it.to)), branch);
    const node = {
      name,
      version,
      ownKiB: sizeIn(found),
      ...(files ? { part: { files: files.length, wholeKiB: installedSizeKiB } } : {}),
      branchKiB: branch.get(name)!,
      shared: askers.size > 1,
      again,
    };
    return { ...node, children: below.filter((it) => it !== name).map(visit) };
  };
  return inOrder(new Set(graph.entries.map((it) => it.to)), branch).map(visit);
}

function inOrder(names: ReadonlySet<string>, branch: ReadonlyMap<string, number>): string[] {
  return [...names].sort((a, b) => branch.get(b)! - branch.get(a)! || (a < b ? -1 : 1));
}

/** Size of what can be reached with a package and not without it. */
function branchSize(graph: ReasonGraph, removed: string): number {
  const kept = new Set(graph.entries.map((it) => it.to).filter((it) => it !== removed));
  for (const name of kept) {
    for (const { to } of graph.outOf.get(name) ?? []) if (to !== removed) kept.add(to);
  }
  let size = 0;
  for (const it of graph.packages.values()) if (!kept.has(it.name)) size += sizeIn(it);
  return size;
}

const sizeIn = ({ files, installedSizeKiB }: ExplainedPackage): number => (files ? 0 : installedSizeKiB);

const mebibytes = (sizeKiB: number): string => (sizeKiB / 1024).toFixed(1);

function phrasePart({ files, wholeKiB }: { files: number; wholeKiB: number }): string {
  const what = files === 0 ? 'only what boots' : `${files} ${files === 1 ? 'file' : 'files'}`;
  return `${what} of ${mebibytes(wholeKiB)} MiB`;
}

/** Trees as lines for a terminal; `*` marks what is shared, `…` what was shown above. */
export function renderTree(roots: readonly TreeNode[]): string[] {
  const lines = (node: TreeNode, lead: string, inner: string): string[] => {
    const own = node.part ? phrasePart(node.part) : `${mebibytes(node.ownKiB)} MiB`;
    const sizes = `${own}${node.branchKiB > node.ownKiB ? `, branch ${mebibytes(node.branchKiB)}` : ''}`;
    const head = `${lead}${node.name}${node.shared ? '*' : ''} ${sizes}${node.again ? ' …' : ''}`;
    const below = node.children.flatMap((child, i) => {
      const last = i === node.children.length - 1;
      return lines(child, `${inner}${last ? '└─ ' : '├─ '}`, `${inner}${last ? '   ' : '│  '}`);
    });
    return [head, ...below];
  };
  return roots.flatMap((root) => lines(root, '', ''));
}
