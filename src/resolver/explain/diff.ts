import { compareVersions } from '../../formats/debian/version.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Reason } from '../../model/lock.ts';
import { type ExplainedPackage, phraseReason } from './graph.ts';

/** One package that differs between two sets; sizes in KiB, absent where it is not in that set. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'upgraded' | 'downgraded' | 'rebuilt';
  readonly name: string;
  readonly before?: { readonly version: string; readonly installedSizeKiB: number };
  readonly after?: { readonly version: string; readonly installedSizeKiB: number };
  readonly cause: string;
}

export interface SetDifference {
  /** Sorted by name. */
  readonly changes: readonly Change[];
  readonly beforeKiB: number;
  readonly afterKiB: number;
}

/** What a comparison needs of a package: a `LockedPackage` has it; `sha256` shows a rebuild under one version. */
export type ComparedPackage = ExplainedPackage & { readonly sha256?: string };

/** What changed from one set to another, and the cause of each change. */
export function diffSets(before: readonly ComparedPackage[], after: readonly ComparedPackage[]): SetDifference {
  const old = new Map(before.map((it) => [it.name, it]));
  const now = new Map(after.map((it) => [it.name, it]));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  const total = (packages: readonly ComparedPackage[]): number =>
    packages.reduce((sum, it) => sum + it.installedSizeKiB, 0);
  return {
    changes: names.flatMap((name) => changeOf(name, old, now) ?? []),
    beforeKiB: total(before),
    afterKiB: total(after),
  };
}

type Side = ReadonlyMap<string, ComparedPackage>;

const stateOf = ({ version, installedSizeKiB }: ComparedPackage) => ({ version, installedSizeKiB });

function changeOf(name: string, old: Side, now: Side): Change | undefined {
  const was = old.get(name);
  const is = now.get(name);
  if (was && is) {
    const order = compareVersions(was.version, is.version);
    const sides = { name, before: stateOf(was), after: stateOf(is) };
    if (order < 0) return { kind: 'upgraded', ...sides, cause: 'the sources have a newer version' };
    if (order > 0) return { kind: 'downgraded', ...sides, cause: 'the sources, or a pin, have an older version' };
    if (was.sha256 === is.sha256) return undefined;
    return { kind: 'rebuilt', ...sides, cause: 'the same version has other bytes' };
  }
  if (is) return { kind: 'added', name, after: stateOf(is), cause: causeOf(is.why, old, now) };
  return was && { kind: 'removed', name, before: stateOf(was), cause: causeOf(was.why, now, old) };
}

/**
 * Why something is on one side only, from its reasons there: who asks for it is new as well, or changed its relation, or met it by
 * something else. `other` is the side on which it is not.
 */
function causeOf(reasons: readonly Reason[], other: Side, own: Side): string {
  const telling = reasons.find((it) => it.kind !== 'relation' || other.has(it.by)) ?? reasons[0];
  if (telling === undefined) return 'unknown';
  if (telling.kind !== 'relation') return phraseReason(telling);
  const there = other.get(telling.by);
  const kept = relationsOn(other, telling);
  if (!there) return `${phraseReason(telling)} (${telling.by} is only on this side)`;
  if (kept.length > 0) return `${phraseReason(telling)}, met by ${kept.join(', ')} on the other side`;
  const versions = `${there.version} against ${own.get(telling.by)?.version}`;
  return `${phraseReason(telling)}, which is not on the other side (${telling.by} ${versions})`;
}

/** Packages of a side that meet the very same relation there. */
function relationsOn(side: Side, reason: Reason): string[] {
  const wanted = canonicalJson(reason);
  return [...side.values()]
    .filter((it) => it.why.some((other) => canonicalJson(other) === wanted))
    .map((it) => it.name);
}

const SIGNS = { added: '+', removed: '-', upgraded: '↑', downgraded: '↓', rebuilt: '~' } as const;

/** A difference as lines for a terminal. */
export function renderDiff({ changes, beforeKiB, afterKiB }: SetDifference): string[] {
  if (changes.length === 0) return ['no package differs'];
  const lines = changes.map(({ kind, name, before, after, cause }) => {
    const versions = [before?.version, after?.version].filter((it) => it !== undefined).join(' → ');
    const grown = (after?.installedSizeKiB ?? 0) - (before?.installedSizeKiB ?? 0);
    return `${SIGNS[kind]} ${name} ${versions} (${grown < 0 ? '' : '+'}${grown} KiB): ${cause}`;
  });
  const grown = afterKiB - beforeKiB;
  return [
    ...lines,
    `${(beforeKiB / 1024).toFixed(1)} → ${(afterKiB / 1024).toFixed(1)} MiB (${grown < 0 ? '' : '+'}${grown} KiB)`,
  ];
}
