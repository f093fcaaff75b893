import type { ValidationReport } from '../model/finding.ts';
import type { Ports } from '../ports/ports.ts';
import { type Baked, readLock } from './bake-image.ts';
import { firstObstacle, mendingHints, openExamination } from './examination.ts';
import { loadPacks } from './packs.ts';
import { recorded, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface ValidateAnswer extends StepAnswer {
  /** The whole report, as an artifact. */
  readonly reportDigest: string;
  readonly checks: { readonly compliant: number; readonly notCompliant: number; readonly notApplicable: number };
}

type ValidatePorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'source' | 'progress'>;

/** Judges the tree that was baked, by the static proof that it runs and by every pack that holds for all its copies. */
export async function validateImage(ports: ValidatePorts, request: StepRequest): Promise<ValidateAnswer> {
  return recorded(ports, request.buildId, 'validate', async () => {
    const loaded = await ports.specs.load(request.image);
    const lock = await readLock(ports, request);
    const { treeDigest } = await resultOf<Baked>(ports.catalog, request.buildId, 'bake');
    ports.progress.note('examining the baked tree');
    const { packs, warnings } = await loadPacks(ports, loaded);
    for (const warning of warnings) ports.progress.note(warning);
    const examine = await openExamination(ports, { ...loaded, lock, treeDigest });
    const report = examine(packs);
    const reportDigest = await ports.store.put({ bytes: Buffer.from(JSON.stringify(report)) });
    const checks = count(report);
    const obstacle = firstObstacle(report);
    const detail = obstacle ? [obstacle, ...mendingHints(report)].join('\n') : `${checks.compliant} checks hold`;
    return { outcome: report.passed ? 'succeeded' : 'refused', reportDigest, checks, detail };
  });
}

function count({ verdicts }: ValidationReport): ValidateAnswer['checks'] {
  const of = (outcome: string) => verdicts.filter((it) => it.outcome === outcome).length;
  return { compliant: of('compliant'), notCompliant: of('not-compliant'), notApplicable: of('not-applicable') };
}
