import type { FileTree } from '../model/file-tree.ts';
import type { Finding, ValidationReport, Verdict } from '../model/finding.ts';
import type { Inventory, Reachability } from '../model/inventory.ts';
import type { Lock } from '../model/lock.ts';
import type { Waiver } from '../model/policy.ts';
import type { ImageSpec } from '../model/spec.ts';
import { fitsGlob, fitsName } from './glob.ts';
import { readInventory } from './inventory.ts';
import type { Pack, PackRule } from './pack.ts';
import { withRuntime } from './read/runtime.ts';
import type { Observation, RuleAnswer, RuleContext } from './rule.ts';

export interface ValidationRequest {
  /** Baked root tree. */
  readonly tree: FileTree;
  readonly lock: Lock;
  readonly spec: ImageSpec;
  readonly packs: readonly Pack[];
  /** Paths of the user's own files in the tree. */
  readonly ownFiles?: ReadonlySet<string>;
  /** Files of the locked packages by package name; without it what compares with packages is not applicable. */
  readonly contents?: ReadonlyMap<string, FileTree>;
  /** What can run in `tree`; without it all programs are judged. */
  readonly reachability?: Reachability;
  /** Package that has a path, soname or command: what findings propose. */
  readonly providerOf?: (want: string) => string | undefined;
  /** The kernel's command line, word by word. */
  readonly commandLine?: readonly string[];
  /** Inventory of the same tree, where it was read before. */
  readonly inventory?: Inventory;
  /** Day on which waivers are judged, ISO 8601. */
  readonly today?: string;
}

/** Judges a baked tree by every rule of every pack. Pure but for the tree's reads; the report is in the packs' order. */
export function validate(request: ValidationRequest): ValidationReport {
  const context = contextOf(request);
  const answerOf = ({ rule, parameters }: PackRule) => rule.check(context, parameters);
  return reportOf({ ...request, image: request.spec.name, answerOf, notRunnable: notRunnable(context) });
}

/** All that rules look at, of a tree that is at hand. */
export function contextOf(request: Omit<ValidationRequest, 'packs' | 'today'>): RuleContext {
  const reachability = request.reachability && withRuntime(request.tree, request.reachability);
  const inventory = request.inventory ?? readInventory(request);
  return { ...request, reachability, inventory, providerOf: request.providerOf ?? (() => undefined) };
}

export interface Answers {
  /** Name of the image, which waivers may name. */
  readonly image: string;
  readonly packs: readonly Pack[];
  /** What a pack's rule answers of the image. */
  readonly answerOf: (entry: PackRule, pack: Pack) => RuleAnswer;
  readonly notRunnable: readonly string[];
  readonly today?: string;
}

/** Rules' answers as a report: each with its pack's severity and mode, and excused by its pack's waivers. */
export function reportOf({
  image,
  packs,
  answerOf,
  notRunnable: programs,
  today = isoDay(),
}: Answers): ValidationReport {
  const verdicts = packs.flatMap((pack) =>
    pack.rules.map((entry) => judge(image, pack, entry, answerOf(entry, pack), today)),
  );
  return { passed: verdicts.every(passes), verdicts, notRunnable: [...programs] };
}

const isoDay = (): string => new Date().toISOString().slice(0, 10);

/** Whether a verdict lets an image through: it is not enforced, or nothing in it stands unwaived. */
export function passes(verdict: Verdict): boolean {
  return verdict.mode === 'warn' || verdict.findings.every((finding) => finding.waived);
}

/** What one rule of a pack says, with the waivers that count on that day. */
export function judge(image: string, pack: Pack, entry: PackRule, answer: RuleAnswer, today: string): Verdict {
  const { rule, mode } = entry;
  const verdict: Verdict = { rule: rule.id, pack: pack.name, outcome: answer.outcome, mode, findings: [] };
  if (answer.outcome === 'not-applicable') verdict.reason = answer.reason;
  if (answer.outcome !== 'not-compliant') return verdict;
  const waivers = pack.waivers.filter((waiver) => counts(waiver, rule.id, image, today));
  verdict.findings = answer.findings.map((observation) => finding(entry, observation, waivers));
  return verdict;
}

function finding(entry: PackRule, observation: Observation, waivers: readonly Waiver[]): Finding {
  const found: Finding = { rule: entry.rule.id, severity: entry.severity, ...observation };
  found.mend ??= entry.rule.remedy || undefined;
  const waiver = waivers.find((candidate) => covers(candidate, observation));
  if (waiver) found.waived = { owner: waiver.owner, reason: waiver.reason, expires: waiver.expires };
  return found;
}

function counts(waiver: Waiver, rule: string, image: string, today: string): boolean {
  return waiver.rule === rule && waiver.expires >= today && fitsName(image, waiver.image ?? '*');
}

function covers(waiver: Waiver, { file, package: owner, vulnerability }: Observation): boolean {
  if (waiver.vulnerability !== undefined && waiver.vulnerability !== vulnerability) return false;
  if (waiver.file !== undefined && (file === undefined || !fitsGlob(file, waiver.file))) return false;
  return waiver.package === undefined || waiver.package === owner;
}

/** Programs in the image that nothing there can start, sorted. */
export function notRunnable({ inventory, reachability }: RuleContext): string[] {
  if (!reachability) return [];
  const executable = new Set(inventory.files.filter((file) => file.executable).map((file) => file.path));
  const programs = [...inventory.elf.filter((elf) => elf.kind === 'executable'), ...inventory.scripts];
  return programs
    .filter(({ path, reachable }) => !reachable && executable.has(path))
    .map(({ path }) => path)
    .sort();
}
