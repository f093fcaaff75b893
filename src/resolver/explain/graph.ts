import type { Reason } from '../../model/lock.ts';

/** What explanations need of a package of a set: a `ResolvedPackage` and a `LockedPackage` both have it. */
export interface ExplainedPackage {
  readonly name: string;
  readonly version: string;
  readonly installedSizeKiB: number;
  readonly why: readonly Reason[];
  /** Where only some files of it are in; empty for a kernel, of which the image has itself and the modules it needs. */
  readonly files?: readonly string[];
}

/** A reason as an edge: from a package of the set, or from outside (the spec, evidence, the machine's needs). */
export interface Edge {
  /** Name of the package that asks; undefined where the reason is not a package's relation. */
  readonly from: string | undefined;
  readonly to: string;
  readonly reason: Reason;
}

/** Package that has a file, for reasons that name a file; undefined where it is nobody's of the set. */
export type OwnerOf = (path: string) => string | undefined;

/** The set as a graph: for each package, the edges that point at it and those that leave it. */
export interface ReasonGraph {
  readonly packages: ReadonlyMap<string, ExplainedPackage>;
  readonly into: ReadonlyMap<string, readonly Edge[]>;
  readonly outOf: ReadonlyMap<string, readonly Edge[]>;
  /** Edges from outside. */
  readonly entries: readonly Edge[];
}

export function makeReasonGraph(
  packages: readonly ExplainedPackage[],
  ownerOf: OwnerOf = () => undefined,
): ReasonGraph {
  const byName = new Map(packages.map((it) => [it.name, it]));
  const into = new Map<string, Edge[]>();
  const outOf = new Map<string, Edge[]>();
  const entries: Edge[] = [];
  for (const { name, why } of packages) {
    const edges = why.map((reason): Edge => ({ from: askerOf(reason, byName, ownerOf), to: name, reason }));
    into.set(name, edges);
    for (const edge of edges) {
      if (edge.from === undefined) entries.push(edge);
      else outOf.set(edge.from, [...(outOf.get(edge.from) ?? []), edge]);
    }
  }
  return { packages: byName, into, outOf, entries };
}

function askerOf(reason: Reason, packages: ReadonlyMap<string, unknown>, ownerOf: OwnerOf): string | undefined {
  if (reason.kind === 'relation') return reason.by;
  const owner = reason.kind === 'evidence' ? ownerOf(reason.by) : undefined;
  return owner !== undefined && packages.has(owner) ? owner : undefined;
}

/** Names that can be reached from outside, without one edge where one is given. */
export function reachable(graph: ReasonGraph, without?: Edge): Set<string> {
  const reached = new Set(graph.entries.filter((it) => it !== without).map((it) => it.to));
  for (const name of reached) {
    for (const edge of graph.outOf.get(name) ?? []) if (edge !== without) reached.add(edge.to);
  }
  return reached;
}

/** A reason in words, without the package it speaks for: `nginx-common Depends on lsb-base (>= 3)`. */
export function phraseReason(reason: Reason): string {
  switch (reason.kind) {
    case 'spec':
      return `asked for by ${reason.field}`;
    case 'relation':
      return `${reason.by} ${reason.field}: ${reason.relation}`;
    case 'evidence':
      return `${reason.by}${reason.line === undefined ? '' : `, line ${reason.line}`} needs ${reason.needs} (${reason.rule})`;
    case 'boot':
      return `booting: ${reason.purpose}`;
  }
}
