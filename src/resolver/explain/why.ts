import {
  type Edge,
  type ExplainedPackage,
  makeReasonGraph,
  type OwnerOf,
  phraseReason,
  type ReasonGraph,
  reachable,
} from './graph.ts';

/** A way from outside to the package; the first edge's reason is the spec's, evidence's or the machine's. */
export type Path = readonly Edge[];

/** What would leave the set if one edge were not there. */
export interface Cut {
  readonly edge: Edge;
  /** Sorted names; empty where everything stays for other reasons. */
  readonly goes: readonly string[];
  readonly installedSizeKiB: number;
}

export interface WhyReport {
  readonly package: ExplainedPackage;
  /** Shortest first. */
  readonly paths: readonly Path[];
  /** Whether there are more paths than these. */
  readonly more: boolean;
  /** For each edge that points at the package. */
  readonly cuts: readonly Cut[];
}

/**
 * Every path from outside to a package of a set, shortest first and `limit` at most, and what would go if each edge into it were cut.
 * Undefined where the set has no such package.
 */
export function why(
  packages: readonly ExplainedPackage[],
  name: string,
  { limit = 10, ownerOf }: { limit?: number; ownerOf?: OwnerOf } = {},
): WhyReport | undefined {
  const graph = makeReasonGraph(packages, ownerOf);
  const explained = graph.packages.get(name);
  if (!explained) return undefined;
  const { paths, more } = pathsTo(graph, name, limit);
  const cuts = (graph.into.get(name) ?? []).map((edge) => cutOf(graph, edge));
  return { package: explained, paths, more, cuts };
}

/** Paths without loops, found backwards and breadth first, so that shorter ones come first. */
function pathsTo(graph: ReasonGraph, name: string, limit: number): { paths: Path[]; more: boolean } {
  const paths: Path[] = [];
  let tails: { path: Path; at: string }[] = [{ path: [], at: name }];
  while (tails.length > 0) {
    const next: typeof tails = [];
    for (const { path, at } of tails) {
      for (const edge of graph.into.get(at) ?? []) {
        const longer = [edge, ...path];
        if (edge.from === undefined) paths.push(longer);
        else if (edge.from !== name && !path.some((it) => it.from === edge.from))
          next.push({ path: longer, at: edge.from });
        if (paths.length > limit) return { paths: paths.slice(0, limit), more: true };
      }
    }
    // There may be exponentially many; the rest is cut off where nobody would read it.
    if (next.length > 20_000) return { paths, more: true };
    tails = next;
  }
  return { paths, more: false };
}

function cutOf(graph: ReasonGraph, edge: Edge): Cut {
  const left = reachable(graph, edge);
  const goes = [...reachable(graph)].filter((it) => !left.has(it)).sort();
  const installedSizeKiB = goes.reduce((sum, it) => sum + (graph.packages.get(it)?.installedSizeKiB ?? 0), 0);
  return { edge, goes, installedSizeKiB };
}

/** A report as lines for a terminal. */
export function renderWhy(report: WhyReport): string[] {
  const { name, version } = report.package;
  const lines = [`${name} ${version}`];
  for (const path of report.paths) {
    lines.push(`  ${path[0]!.to} (${phraseReason(path[0]!.reason)})`);
    path
      .slice(1)
      .forEach((edge, i) => void lines.push(`${'  '.repeat(i + 2)}→ ${edge.to} (${phraseReason(edge.reason)})`));
  }
  if (report.more) lines.push('  … and more paths');
  for (const { edge, goes, installedSizeKiB } of report.cuts) {
    const size = `${(installedSizeKiB / 1024).toFixed(1)} MiB`;
    const effect =
      goes.length === 0 ? 'nothing would go: it has other reasons' : `would go: ${goes.join(', ')} (${size})`;
    lines.push(`  without "${phraseReason(edge.reason)}" ${effect}`);
  }
  return lines;
}
