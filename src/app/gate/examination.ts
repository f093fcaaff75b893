import { gunzipSync, gzipSync } from 'node:zlib';
import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { ValidationReport } from '../../model/finding.ts';
import type { Inventory } from '../../model/inventory.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import {
  type ExaminationRecord,
  judgeRecord,
  newRecord,
  unanswered,
  withAnswers,
  withoutTree,
} from '../../validator/examination-record.ts';
import { proposeChanges } from '../../validator/fixes.ts';
import type { Pack, PackRule } from '../../validator/pack.ts';
import { contextOf } from '../../validator/validate.ts';
import { readLock } from '../sources/stored-documents.ts';
import { openTree, type Subject } from './baked-tree.ts';
import { type KnownVulnerabilities, readVulnerabilities, type VulnerabilityReader } from './known-vulnerabilities.ts';
import { nameProviders } from './name-providers.ts';
import rules from './rules-digest.json' with { type: 'json' };

/** Another one where the rules, or what reads the inventory, may say other things of the same tree. Renewed by `npm run rules`. */
export const STAMP: string = rules.digest;

/** Judges one image by packs, as often as asked. */
export interface Examination {
  /** Judges by packs, as the day is. The tree is opened only for rules that were never asked of it. */
  examine(packs: readonly Pack[]): Promise<ValidationReport>;
  /** What is in the image, with the vulnerabilities that the packs' advisories tell. */
  inventoryFor(packs: readonly Pack[]): Promise<Inventory>;
  /** Keeps what was found, for `openVersion`; gives the artifact's digest. */
  keep(): Promise<string>;
  /** What stands in for advisories that cannot be had. */
  readonly warnings: readonly string[];
}

export type ExaminationPorts = Pick<Ports, 'store' | 'source' | 'progress' | 'advisories' | 'clock'>;

interface Opened {
  readonly image: string;
  readonly tree: () => ReturnType<typeof openTree>;
  readonly record?: ExaminationRecord;
  /** Seen in the test run. */
  readonly listening?: Inventory['listening'];
  readonly known?: KnownVulnerabilities;
}

/** Examines a tree that was baked just now. */
export function openExamination(ports: ExaminationPorts, subject: Subject): Examination {
  return examination(ports, { image: subject.spec.name, tree: () => openTree(ports, subject) });
}

/** Examines a version by what was kept of it; a version of an older Kiln by its tree. */
export async function openVersion(
  ports: ExaminationPorts,
  { spec, directory }: LoadedSpec,
  version: ImageVersion,
): Promise<Examination> {
  const { image, treeDigest, lockDigest, facts } = version;
  const tree = async () => {
    const lock = await readLock(ports.store, lockDigest);
    return openTree(ports, { spec, directory, lock, treeDigest });
  };
  const record = await readRecord(ports, version);
  const current = record?.recordVersion === 1 && record.rules === STAMP;
  const known = await readKnown(ports, version);
  const listening = facts.listening as Inventory['listening'] | undefined;
  return examination(ports, { image, tree, listening, known, ...(current ? { record } : {}) });
}

function examination(ports: ExaminationPorts, opened: Opened): Examination {
  const vulnerabilities = readVulnerabilities(ports, opened.known);
  let { record } = opened;
  const recorded = async () => {
    if (!record && !('source' in ports)) throw unexamined(opened.image);
    record ??= newRecord(await opened.tree(), STAMP);
    return record;
  };
  const answered = async (packs: readonly Pack[]) => {
    const missing = unanswered(await recorded(), packs);
    if (missing.length === 0) return recorded();
    if (!('source' in ports)) return withoutTree(await recorded(), missing);
    record = await answering(ports, await recorded(), missing, await opened.tree());
    return record;
  };
  return {
    warnings: vulnerabilities.warnings,
    async examine(packs) {
      const facts = await answered(packs);
      const inventories = await inventoriesOf(facts.inventory, packs, opened, vulnerabilities);
      const question = { image: opened.image, packs, inventoryOf: (pack: Pack) => inventories.get(pack)! };
      return judgeRecord(facts, { ...question, today: timestamp(ports.clock).slice(0, 10) });
    },
    async inventoryFor(packs) {
      const { inventory } = await recorded();
      const places = [...new Map(packs.flatMap((it) => it.advisories).map((it) => [JSON.stringify(it), it])).values()];
      return inventoryAt(inventory, places, opened, vulnerabilities);
    },
    keep: async () => ports.store.put({ bytes: gzipSync(JSON.stringify(await recorded())) }),
  };
}

/** Not every composition can read packages, without which a tree says little. */
function unexamined(image: string): KilnError {
  return new KilnError(
    'REFUSED',
    `what is known of ${image} was found by another Kiln, and its tree cannot be opened here`,
    {
      hint: `kiln build ${image} --force examines it anew`,
    },
  );
}

async function answering(
  ports: ExaminationPorts,
  record: ExaminationRecord,
  missing: readonly PackRule[],
  tree: Awaited<ReturnType<typeof openTree>>,
): Promise<ExaminationRecord> {
  const answered = withAnswers(record, missing, contextOf(tree));
  return { ...answered, answers: await nameProviders(ports, tree.spec.os, answered.answers) };
}

async function inventoriesOf(
  inventory: Inventory,
  packs: readonly Pack[],
  opened: Opened,
  vulnerabilities: VulnerabilityReader,
): Promise<Map<Pack, Inventory>> {
  const found = packs.map(async (pack) => {
    return [pack, await inventoryAt(inventory, pack.advisories, opened, vulnerabilities)] as const;
  });
  return new Map(await Promise.all(found));
}

/** The inventory as policies see it that read these advisories. */
async function inventoryAt(
  inventory: Inventory,
  places: readonly AdvisoryPlace[],
  { listening = inventory.listening }: Opened,
  vulnerabilities: VulnerabilityReader,
): Promise<Inventory> {
  const { packages, image } = inventory;
  const found = await vulnerabilities.of({ packages, release: image.release }, places);
  return { ...inventory, listening, vulnerabilities: found, vulnerabilitiesKnown: places.length > 0 };
}

/** What was found in a version's tree when it was baked. */
export function readRecord(
  ports: Pick<Ports, 'store'>,
  { facts }: Pick<ImageVersion, 'facts'>,
): Promise<ExaminationRecord | undefined> {
  return readArtifact<ExaminationRecord>(ports, facts.inventoryDigest);
}

/** What advisories said of a version when it was judged last. */
export function readKnown(
  ports: Pick<Ports, 'store'>,
  { facts }: Pick<ImageVersion, 'facts'>,
): Promise<KnownVulnerabilities | undefined> {
  return readArtifact<KnownVulnerabilities>(ports, facts.vulnerabilitiesDigest);
}

/** Keeps what advisories say of a version; gives the artifact's digest, its `facts.vulnerabilitiesDigest`. */
export function keepKnown({ store }: Pick<Ports, 'store'>, known: KnownVulnerabilities): Promise<string> {
  return store.put({ bytes: gzipSync(JSON.stringify(known)) });
}

async function readArtifact<T>({ store }: Pick<Ports, 'store'>, digest: unknown): Promise<T | undefined> {
  if (typeof digest !== 'string' || !(await store.has(digest))) return undefined;
  return JSON.parse(gunzipSync(await store.read(digest)).toString('utf8')) as T;
}

/** Values of one list that a hint names. */
const HINTED = 5;

/** The first enforced finding that nobody waived, for the one line that people see first; undefined where all packs hold. */
export function firstObstacle({ verdicts }: ValidationReport): string | undefined {
  const enforced = verdicts
    .filter((it) => it.mode === 'enforce')
    .flatMap((it) => it.findings.filter((finding) => !finding.waived));
  const [first] = enforced;
  if (!first) return undefined;
  const more = enforced.length > 1 ? ` and ${enforced.length - 1} more` : '';
  const place = first.file && !first.message.includes(first.file) ? ` (${first.file})` : '';
  return `${first.rule}: ${first.message}${place}${more}`;
}

/** What of the spec would mend the enforced findings, one line for each of its lists. */
export function mendingHints(report: ValidationReport): string[] {
  const verdicts = report.verdicts.filter((it) => it.mode === 'enforce');
  return proposeChanges({ ...report, verdicts }).map(({ field, add }) => {
    const values = add.map((it) => (typeof it === 'string' ? it : JSON.stringify(it)));
    return `hint: ${field} in the spec would mend it: ${values.slice(0, HINTED).join(', ')}${values.length > HINTED ? ', …' : ''}`;
  });
}
