import type { LockedControl } from './locked-set.ts';

/**
 * The order in which packages go on top of a configured base (Debian Policy §7.2): within a phase all are unpacked, then
 * all configured; what a package pre-depends on, with all that this depends on, is in an earlier phase. A cycle through a
 * Pre-Depends, which dpkg would have to break anyhow, stays in one phase. Within a phase what a package needs is unpacked before it:
 * dpkg keeps a folder that a link would stand in for, and refuses the other way about.
 */
export function phasesOf(added: readonly LockedControl[]): LockedControl[][] {
  const phase = new Map(added.map((it) => [it.deb.name, 0]));
  const at = (name: string) => phase.get(name) ?? -1;
  // Each round settles at least one more level, unless there is a cycle.
  for (let round = 0, changed = true; changed && round <= added.length; round += 1) {
    changed = false;
    for (const it of added) {
      const least = Math.max(at(it.deb.name), ...it.depends.map(at), ...it.preDepends.map((name) => at(name) + 1));
      changed ||= least > at(it.deb.name);
      phase.set(it.deb.name, Math.min(least, added.length));
    }
  }
  const levels = [...new Set(phase.values())].sort((a, b) => a - b);
  const ordered = neededFirst(added);
  return levels.map((level) => ordered.filter((it) => at(it.deb.name) === level));
}

/** Depth first from each in turn; a cycle is entered where it is met first. */
function neededFirst(added: readonly LockedControl[]): LockedControl[] {
  const byName = new Map(added.map((it) => [it.deb.name, it]));
  const done = new Set<LockedControl>();
  const met = new Set<LockedControl>();
  const visit = (it: LockedControl): void => {
    if (met.has(it)) return;
    met.add(it);
    for (const name of [...it.preDepends, ...it.depends].toSorted()) {
      const needed = byName.get(name);
      if (needed) visit(needed);
    }
    done.add(it);
  };
  for (const it of added) visit(it);
  return [...done];
}
