import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type { Alternative } from './alternatives.ts';
import { type MachineNeed, machineNeeds } from './machine-needs.ts';
import type { Context, Demand, Need, Role, Rule, Start, Subject } from './rule.ts';
import { rules } from './rules.ts';
import { startDemands } from './start.ts';
import { makeView, type Trace, type View } from './view.ts';

export type { MachineNeed } from './machine-needs.ts';
export type { Need, Start } from './rule.ts';

export interface EvidenceRequest {
  /** What is in for sure. */
  readonly tree: FileTree;
  /** What may be brought back; its entries name their package. */
  readonly candidates: FileTree;
  readonly starts: readonly Start[];
  /** The application's own configuration files, in which executables may be named. */
  readonly configuration?: readonly string[];
  /** What the packages' scripts register with update-alternatives (`alternativesOf`). */
  readonly alternatives?: readonly Alternative[];
}

export interface EvidenceFile {
  readonly path: string;
  readonly package: string;
  readonly why: Need[];
}

export interface EvidenceResult {
  /** Files brought back, sorted by path; symbolic links on the way are files of their own. */
  readonly files: EvidenceFile[];
  /** Every path that can run, be loaded or be read, and why. */
  readonly reachable: ReadonlyMap<string, Need[]>;
  /** Of those, what is executed for sure: neither imported as a module nor merely named somewhere. */
  readonly executed: ReadonlySet<string>;
  /** What nobody here has, or only a candidate and it can be done without: the required first, then by rule and file. */
  readonly missing: Need[];
  /** Users, groups and folders that must be there when it starts. */
  readonly machine: MachineNeed[];
}

interface State {
  readonly view: View;
  readonly queue: Subject[];
  readonly seen: Set<string>;
  readonly files: Map<string, EvidenceFile>;
  readonly reachable: Map<string, Need[]>;
  readonly executed: Set<string>;
  readonly missing: Map<string, Need>;
  /** Names of units that are started. */
  readonly units: Set<string>;
  /** Demands that may come to count once more is in. */
  waiting: Demand[];
}

/**
 * Follows what can run to a fixpoint and says which files of the candidates it needs (DESIGN 'What least means',
 * evidence). Pure: the same request gives the same answer. Without candidates it is a check of a finished tree.
 */
export function gatherEvidence(request: EvidenceRequest): EvidenceResult {
  const view = makeView(request.tree, request.candidates, request.alternatives ?? []);
  const state: State = {
    view,
    queue: [],
    seen: new Set(),
    files: new Map(),
    reachable: new Map(),
    executed: new Set(),
    missing: new Map(),
    units: new Set(),
    waiting: [],
  };
  for (const demand of startDemands(request.starts, request.configuration ?? [], view)) settle(state, demand);
  do drain(state);
  while (settleWaiting(state));
  for (const demand of state.waiting) report(state, demand);
  const packages = new Set([...state.reachable.keys()].map((path) => view.trace(path)?.entry.package));
  return {
    files: [...state.files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    reachable: state.reachable,
    executed: state.executed,
    missing: [...state.missing.values()].sort(byWeight),
    machine: machineNeeds(request.starts, state.units, packages, view),
  };
}

function drain(state: State): void {
  for (let subject = state.queue.shift(); subject; subject = state.queue.shift()) {
    if (subject.role === 'run' && !subject.context.guessed) state.executed.add(subject.path);
    for (const rule of rules) {
      if (!rule.roles.includes(subject.role)) continue;
      for (const demand of rule.inspect(subject, state.view)) settle(state, weighed(state, demand, subject, rule));
    }
  }
}

/** A demand as far as its subject runs for sure: what is merely wanted or guessed asks for less. */
function weighed(state: State, demand: Demand, subject: Subject, rule: Rule): Demand {
  const { wanted, guessed } = subject.context;
  // One guess does not build on another.
  if (!wanted && !guessed) return rule.likely ? { ...demand, context: { ...demand.context, wanted: true } } : demand;
  if (!guessed && !rule.likely) return { ...demand, required: false, context: { ...demand.context, wanted: true } };
  // A file that was brought back for a guess must still be whole; one that is in anyway brings nothing.
  const bring = demand.bring && rule.loads === true && !state.view.has(subject.path);
  return { ...demand, required: false, bring, quiet: true, context: { ...demand.context, guessed: true } };
}

/** Looks again at what waited; true when something came to count. */
function settleWaiting(state: State): boolean {
  const before = state.waiting;
  state.waiting = [];
  for (const demand of before) settle(state, demand);
  return state.queue.length > 0 || state.waiting.length < before.length;
}

function settle(state: State, demand: Demand): void {
  if (!guardsHold(state, demand)) {
    state.waiting.push(demand);
    return;
  }
  const found = firstThere(state, demand);
  if (!found) {
    report(state, demand);
    return;
  }
  const absent = [...found.links, found.entry].filter((entry) => !isIn(state, entry.path));
  if (absent.length > 0 && !demand.bring) {
    state.waiting.push(demand);
    return;
  }
  const need = needOf(demand);
  for (const entry of absent) bring(state, entry.path, entry.package, need);
  for (const entry of [...found.links, found.entry]) addReason(state, entry.path, need);
  const role = demand.role === 'used' ? roleOf(found) : demand.role;
  // What is reached only by a need that may be none asks for no more than that.
  enqueue(
    state,
    found.entry.path,
    role,
    demand.required ? (demand.context ?? {}) : { ...demand.context, wanted: true },
  );
}

/** How a file that was merely named is used: as what it looks like. */
function roleOf({ entry }: Trace): Role {
  if (/\.so(\.|$)/.test(entry.path)) return 'load';
  return isExecutable(entry) ? 'run' : 'data';
}

function guardsHold(state: State, demand: Demand): boolean {
  return (demand.onlyIf ?? []).every((group) =>
    group.some((path) => {
      const found = state.view.trace(path);
      return found !== undefined && isIn(state, found.entry.path);
    }),
  );
}

/** The first place that is in; failing that, the first that a candidate has. */
function firstThere(state: State, demand: Demand): Trace | undefined {
  const found = demand.paths
    .map((path) => state.view.trace(path))
    .filter((trace) => trace !== undefined && isUsable(trace, demand.role)) as Trace[];
  const whole = found.find((trace) => [...trace.links, trace.entry].every((entry) => isIn(state, entry.path)));
  return whole ?? found[0];
}

/** A program that is run must be an executable file; anything else merely be there. */
function isUsable({ entry }: Trace, role: Role): boolean {
  return role !== 'run' || isExecutable(entry);
}

function isExecutable(entry: FileEntry): boolean {
  return entry.type === 'file' && (entry.mode & 0o111) !== 0;
}

function isIn(state: State, path: string): boolean {
  return state.files.has(path) || state.view.has(path);
}

function bring(state: State, path: string, owner: string | undefined, need: Need): void {
  if (owner === undefined) throw new Error(`internal: candidate ${path} names no package`);
  state.files.set(path, { path, package: owner, why: [need] });
}

function addReason(state: State, path: string, need: Need): void {
  const known = state.reachable.get(path);
  if (!known) state.reachable.set(path, [need]);
  else if (!known.some((it) => keyOf(it) === keyOf(need))) known.push(need);
  const file = state.files.get(path);
  if (file && !file.why.some((it) => keyOf(it) === keyOf(need))) file.why.push(need);
}

function enqueue(state: State, path: string, role: Role, context: Context): void {
  const key = `${role} ${path} ${JSON.stringify(context)}`;
  if (state.seen.has(key)) return;
  state.seen.add(key);
  if (role === 'unit' && context.unit !== undefined) state.units.add(context.unit);
  state.queue.push({ path, role, context });
}

function report(state: State, demand: Demand): void {
  if (demand.quiet) return;
  const need = needOf(demand);
  const known = state.missing.get(keyOf(need));
  if (!known?.required) state.missing.set(keyOf(need), need);
}

function needOf({ rule, by, needs, line, required }: Demand): Need {
  return { rule, by, needs, ...(line === undefined ? {} : { line }), required };
}

function keyOf(need: Need): string {
  return `${need.rule}\0${need.by}\0${need.needs}\0${need.line ?? ''}`;
}

function byWeight(a: Need, b: Need): number {
  if (a.required !== b.required) return a.required ? -1 : 1;
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
