import type { ValidationReport } from '../../model/finding.ts';
import type { Ports } from '../../ports/ports.ts';
import { firstObstacle, mendingHints, openExamination } from '../gate/examination.ts';
import { recalledTwin } from '../sharing/recall.ts';
import { loadPacks } from '../sources/packs.ts';
import { type Baked, lockOf } from './bake-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';

export interface ValidateAnswer extends StepAnswer {
  /** The whole report, as an artifact. */
  readonly reportDigest: string;
  /** What is in the image, as an artifact: later judgements need not open its tree. */
  readonly inventoryDigest: string;
  /** Of the packs that it was judged by. */
  readonly packsDigest: string;
  readonly checks: { readonly compliant: number; readonly notCompliant: number; readonly notApplicable: number };
}

type ValidatePorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'source' | 'advisories' | 'progress'>;

/** Judges the tree that was baked, by the static proof that it runs and by every pack that holds for all its copies. */
export async function validateImage(ports: ValidatePorts, request: StepRequest): Promise<ValidateAnswer> {
  return recorded(ports, request.buildId, 'validate', async () => {
    const loaded = await ports.specs.load(request.image);
    const build = await requireBuild(ports.catalog, request.buildId);
    const lock = await lockOf(ports, build);
    const { treeDigest, diskDigest } = resultIn<Baked>(build, 'bake');
    ports.progress.note('examining the baked tree');
    const packs = await loadPacks(ports, loaded);
    const examination = openExamination(ports, { ...loaded, lock, treeDigest });
    const report = await examination.examine(packs.packs);
    // What accounts ask of the tree is asked now: judging them later need not open it.
    for (const account of await ports.specs.accounts(request.image))
      await examination.examine(packs.forAccount(account));
    for (const warning of [...packs.warnings, ...examination.warnings]) ports.progress.note(warning);
    const reportDigest = await ports.store.put({ bytes: Buffer.from(JSON.stringify(report)) });
    const inventoryDigest = await examination.keep();
    const checks = count(report);
    const obstacle = firstObstacle(report);
    const detail = obstacle ? [obstacle, ...mendingHints(report)].join('\n') : `${checks.compliant} checks hold`;
    const twin = await recalledTwin(ports, request.image, diskDigest);
    if (twin) {
      const why = `this is ${request.image}@${twin.version} again, which was recalled: ${twin.reason}`;
      const told = `${why}\nhint: change the spec, or wait for an update that changes its packages`;
      return { outcome: 'refused', reportDigest, inventoryDigest, packsDigest: packs.digest, checks, detail: told };
    }
    const outcome = report.passed ? 'succeeded' : 'refused';
    return { outcome, reportDigest, inventoryDigest, packsDigest: packs.digest, checks, detail };
  });
}

function count({ verdicts }: ValidationReport): ValidateAnswer['checks'] {
  const of = (outcome: string) => verdicts.filter((it) => it.outcome === outcome).length;
  return { compliant: of('compliant'), notCompliant: of('not-compliant'), notApplicable: of('not-applicable') };
}
