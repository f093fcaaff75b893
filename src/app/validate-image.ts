import { memoryTree } from '../formats/memory-tree.ts';
import { openTarTree } from '../formats/tar-tree.ts';
import type { FileTree } from '../model/file-tree.ts';
import type { ValidationReport } from '../model/finding.ts';
import type { Lock } from '../model/lock.ts';
import type { Ports } from '../ports/ports.ts';
import type { LoadedSpec } from '../ports/spec-source.ts';
import { gatherEvidence } from '../resolver/evidence/gather.ts';
import { validate } from '../validator/validate.ts';
import { type Baked, readLock } from './bake-image.ts';
import { startsOf } from './find-evidence.ts';
import { loadPacks } from './packs.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface ValidateAnswer extends StepAnswer {
  /** The whole report, as an artifact. */
  readonly reportDigest: string;
  readonly checks: { readonly compliant: number; readonly notCompliant: number; readonly notApplicable: number };
}

type ValidatePorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'source' | 'progress'>;

/** Judges the tree that was baked, by the static proof that it runs and by every pack that applies. */
export async function validateImage(ports: ValidatePorts, request: StepRequest): Promise<ValidateAnswer> {
  return recorded(ports, request.buildId, 'validate', async () => {
    const loaded = await ports.specs.load(request.image);
    const lock = await readLock(ports, request);
    const { treeDigest } = await resultOf<Baked>(ports.catalog, request.buildId, 'bake');
    ports.progress.note('examining the baked tree');
    const report = await examine(ports, loaded, lock, openTarTree(await ports.store.path(treeDigest)));
    const reportDigest = await ports.store.put({ bytes: Buffer.from(JSON.stringify(report)) });
    const checks = count(report);
    const detail = report.passed ? `${checks.compliant} checks hold` : worst(report);
    return { outcome: report.passed ? 'succeeded' : 'refused', reportDigest, checks, detail };
  });
}

async function examine(
  ports: ValidatePorts,
  { spec, directory }: LoadedSpec,
  lock: Lock,
  tree: FileTree,
): Promise<ValidationReport> {
  const { packs } = await loadPacks(ports, spec, directory);
  const reachability = gatherEvidence({ tree, candidates: memoryTree({}), starts: startsOf(spec) });
  const contents = await shippedContents(ports, spec, lock);
  return validate({ tree, lock, spec, packs, reachability, contents });
}

/** The locked packages' own files, to compare the baked ones with. */
async function shippedContents({ source, progress }: ValidatePorts, spec: LoadedSpec['spec'], lock: Lock): Promise<Map<string, FileTree>> {
  const wanted = lock.packages.filter((it) => it.files === undefined || it.files.length > 0);
  await source.fetch(wanted, await source.indexes(spec.os, progress), progress);
  const opened = await Promise.all(wanted.map(async (it) => [it.name, (await source.open(it)).data] as const));
  return new Map(opened);
}

function count({ verdicts }: ValidationReport): ValidateAnswer['checks'] {
  const of = (outcome: string) => verdicts.filter((it) => it.outcome === outcome).length;
  return { compliant: of('compliant'), notCompliant: of('not-compliant'), notApplicable: of('not-applicable') };
}

/** The first enforced finding, for the one line that people see first. */
function worst({ verdicts }: ValidationReport): string {
  const enforced = verdicts
    .filter((it) => it.mode === 'enforce')
    .flatMap((it) => it.findings.filter((finding) => !finding.waived));
  const [first] = enforced;
  const where = first?.file ? ` (${first.file})` : '';
  const more = enforced.length > 1 ? ` and ${enforced.length - 1} more` : '';
  return first ? `${first.rule}: ${first.message}${where}${more}` : 'a policy does not hold';
}
