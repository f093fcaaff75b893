import { digestOf } from '../model/canonical.ts';
import type { ValidationReport } from '../model/finding.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Pack, PackRule } from './pack.ts';
import type { RuleAnswer, RuleContext } from './rule.ts';
import { contextOf, notRunnable, reportOf, type ValidationRequest } from './validate.ts';

/** What is kept of an image's examination: enough to judge it again by other policies, mostly without opening its tree. */
export interface ExaminationRecord {
  readonly recordVersion: 1;
  /** Which rules answered: others might answer otherwise. */
  readonly rules: string;
  readonly inventory: Inventory;
  /** Answers of rules that look at the tree, by rule and parameters. */
  readonly answers: Readonly<Record<string, RuleAnswer>>;
  readonly notRunnable: readonly string[];
}

/** A record of a tree that no rule has been asked about yet. */
export function newRecord(request: Omit<ValidationRequest, 'packs'>, rules: string): ExaminationRecord {
  const context = contextOf(request);
  const { inventory } = context;
  return { recordVersion: 1, rules, inventory, answers: {}, notRunnable: notRunnable(context) };
}

const keyOf = ({ rule, parameters }: PackRule): string => `${rule.id} ${digestOf(parameters).slice(0, 16)}`;

/** Rules of some packs that only the tree can answer, and that were not asked yet. */
export function unanswered(record: ExaminationRecord, packs: readonly Pack[]): PackRule[] {
  const asked = new Map(packs.flatMap((pack) => pack.rules.map((it) => [keyOf(it), it] as const)));
  return [...asked].flatMap(([key, it]) => (it.rule.reads === 'inventory' || record.answers[key] ? [] : [it]));
}

/** The record with the answers to some more rules. */
export function withAnswers(
  record: ExaminationRecord,
  asked: readonly PackRule[],
  context: RuleContext,
): ExaminationRecord {
  const answers = asked.map((it) => [keyOf(it), it.rule.check(context, it.parameters)] as const);
  return { ...record, answers: { ...record.answers, ...Object.fromEntries(answers) } };
}

/** The record with what stands for rules that were never asked of the tree and cannot be now: they let nothing through. */
export function withoutTree(record: ExaminationRecord, missing: readonly PackRule[]): ExaminationRecord {
  const unasked = ({ rule }: PackRule): RuleAnswer => ({
    outcome: 'not-compliant',
    findings: [
      {
        message: `${rule.id} was never asked of this image, and its tree cannot be opened here`,
        mend: 'kiln tick, or a build, asks it of the tree',
      },
    ],
  });
  const answers = missing.map((it) => [keyOf(it), unasked(it)] as const);
  return { ...record, answers: { ...record.answers, ...Object.fromEntries(answers) } };
}

export interface RecordQuestion {
  /** Name of the image, which waivers may name. */
  readonly image: string;
  readonly packs: readonly Pack[];
  /** The inventory as a pack sees it: with the vulnerabilities that its advisories tell. */
  readonly inventoryOf: (pack: Pack) => Inventory;
  /** Day on which waivers are judged, ISO 8601. */
  readonly today?: string;
}

/** Judges by a record alone. Every rule of the packs must be answered by it or read the inventory only. */
export function judgeRecord(record: ExaminationRecord, { inventoryOf, ...question }: RecordQuestion): ValidationReport {
  const answerOf = (entry: PackRule, pack: Pack): RuleAnswer => {
    if (entry.rule.reads === 'inventory')
      return entry.rule.check({ inventory: inventoryOf(pack) } as RuleContext, entry.parameters);
    const kept = record.answers[keyOf(entry)];
    if (!kept) throw new Error(`internal: ${entry.rule.id} was not asked of the tree`);
    return kept;
  };
  return reportOf({ ...question, answerOf, notRunnable: record.notRunnable });
}
