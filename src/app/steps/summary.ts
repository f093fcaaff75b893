import type { Build, Grant, ImageVersion } from '../../model/build.ts';
import type { Lock } from '../../model/lock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { TestResult } from '../../ports/test-bed.ts';
import { describeGap } from '../application/gaps.ts';
import { readLock } from '../sources/stored-documents.ts';
import type { JudgeAnswer } from './judge-image.ts';
import { requireBuild } from './step.ts';
import type { TestAnswer } from './test-image.ts';
import type { ValidateAnswer } from './validate-image.ts';

/** What a build came to, in the numbers that people ask for. Sizes in bytes, times in milliseconds. */
export interface BuildSummary {
  readonly build: Pick<Build, 'id' | 'image' | 'state' | 'detail'>;
  readonly version?: ImageVersion;
  readonly packages?: {
    readonly shipped: number;
    readonly byLayer: Readonly<Record<string, number>>;
    readonly closureKiB: number;
    readonly proven: boolean;
    readonly leftOut: number;
    readonly essentialLeftOut: readonly string[];
  };
  readonly checks?: ValidateAnswer['checks'];
  readonly tests: readonly TestResult[];
  /** What the booted instance's console told besides: what programs miss, where they listen; one line each. */
  readonly noticed: readonly string[];
  readonly machine?: string;
  readonly firstSuccessMs?: number;
  readonly grants: readonly Grant[];
  readonly refused: JudgeAnswer['refused'];
  readonly steps: readonly StepSummary[];
}

export interface StepSummary {
  readonly step: string;
  readonly outcome: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** 0 while it runs. */
  readonly milliseconds: number;
  readonly detail?: string;
}

/** Puts a build's records together. Throws NOT_FOUND. */
export async function summarize(ports: Pick<Ports, 'catalog' | 'store'>, buildId: string): Promise<BuildSummary> {
  const { catalog } = ports;
  const build = await requireBuild(catalog, buildId);
  const version = build.version === undefined ? undefined : await catalog.getVersion(build.image, build.version);
  const result = <T>(step: string) => build.steps.find((it) => it.step === step)?.result as T | undefined;
  const tested = result<TestAnswer>('test');
  return {
    build: { id: build.id, image: build.image, state: build.state, detail: build.detail },
    version,
    packages: build.lockDigest === undefined ? undefined : packagesOf(await readLock(ports.store, build.lockDigest)),
    checks: result<ValidateAnswer>('validate')?.checks,
    tests: tested?.results ?? [],
    noticed: [...(tested?.unproven ?? []).map(describeGap), ...(tested?.ports ?? [])],
    machine: tested?.machine,
    firstSuccessMs: tested?.firstSuccessMs,
    grants: version ? await catalog.listGrants({ image: version.image, version: version.version, inForce: true }) : [],
    refused: result<JudgeAnswer>('judge')?.refused ?? [],
    steps: build.steps.map(({ step, outcome, startedAt, endedAt, detail }) => ({
      step,
      outcome,
      startedAt,
      detail,
      milliseconds: endedAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(startedAt),
    })),
  };
}

function packagesOf(lock: Lock): NonNullable<BuildSummary['packages']> {
  const byLayer: Record<string, number> = {};
  for (const { layer } of lock.packages) byLayer[layer] = (byLayer[layer] ?? 0) + 1;
  return {
    shipped: lock.packages.length,
    byLayer,
    closureKiB: lock.proof.installedSizeKiB,
    proven: lock.proof.kind === 'optimal',
    leftOut: lock.excluded.packages,
    essentialLeftOut: lock.excluded.essential,
  };
}
