import { basename } from 'node:path';
import { diffTexts } from '../../formats/text/text-diff.ts';
import { addToLists } from '../../formats/text/yaml-edit.ts';
import type { Build } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Finding, ValidationReport } from '../../model/finding.ts';
import type { Ports } from '../../ports/ports.ts';
import { proposeChanges, type SpecChange } from '../../validator/fixes.ts';
import { specPathOf } from '../sources/load-spec.ts';
import { readSourceFile } from '../sources/read-source-file.ts';
import { readReport } from '../sources/stored-documents.ts';
import type { Gap } from './gaps.ts';

/** What of a spec would mend the findings of the image's last build. */
export interface SpecFix {
  readonly image: string;
  /** Build whose findings they are. */
  readonly build: string;
  /** Path of the spec. */
  readonly spec: string;
  readonly changes: readonly SpecChange[];
  /** The spec with the changes in it. */
  readonly fixed: string;
  /** Unified diff from the spec as it is. */
  readonly diff: readonly string[];
  /** Findings that no change of the spec mends, with what would. */
  readonly others: readonly Finding[];
}

export interface FixOptions {
  /** What only warns, and what a console complained of, is mended too. */
  readonly all?: boolean;
}

type FixPorts = Pick<Ports, 'catalog' | 'store'>;

/** Proposes a change of an image's spec for each finding of its last build that one mends. Throws NOT_FOUND where nothing was judged yet. */
export async function fixSpec(
  { catalog, store }: FixPorts,
  image: string,
  { all = false }: FixOptions = {},
): Promise<SpecFix> {
  const known = await catalog.getImage(image);
  if (!known)
    throw new KilnError('NOT_FOUND', `no image ${image} is known`, { hint: 'kiln build PATH makes it known' });
  const build = (await catalog.listBuilds({ image, limit: 20 })).find((it) => reportOf(it) !== undefined);
  if (!build) throw new KilnError('NOT_FOUND', `${image} was never judged`, { hint: `kiln build ${image} judges it` });
  const version = build.version === undefined ? undefined : await catalog.getVersion(image, build.version);
  // What was judged again since then says more than what was said when it was built.
  const digest = String(version?.facts.reportDigest ?? reportOf(build));
  const report = await readReport(store, digest);
  const asked = all ? report : { ...report, verdicts: report.verdicts.filter((it) => it.mode === 'enforce') };
  const changes = mergeChanges([...proposeChanges(asked), ...gapsOf(build, all)]);
  const spec = specPathOf(known.spec);
  const text = (await readSourceFile(spec, 'SPEC_INVALID')).toString('utf8');
  const fixed = addToLists(text, changes);
  const diff = fixed === text ? [] : [`--- ${basename(spec)}`, `+++ ${basename(spec)}`, ...diffTexts(text, fixed)];
  return { image, build: build.id, spec, changes, fixed, diff, others: withoutFix(asked) };
}

const stepOf = ({ steps }: Build, name: string) =>
  steps.find((it) => it.step === name)?.result as Record<string, unknown> | undefined;

const reportOf = (build: Build): unknown => stepOf(build, 'validate')?.reportDigest;

/** What a booted instance missed, where that stopped it, or where everything is asked for. */
function gapsOf(build: Build, all: boolean): SpecChange[] {
  const test = stepOf(build, 'test');
  if (!test || !(all || test.outcome === 'refused')) return [];
  return ((test.unproven ?? []) as readonly Gap[]).flatMap(({ fix, needs }) =>
    fix ? [{ field: fix.field, add: [fix.add], mends: [`the booted instance misses ${needs}`] }] : [],
  );
}

/** One change a list, in the order of their names. */
function mergeChanges(changes: readonly SpecChange[]): SpecChange[] {
  return [...Map.groupBy(changes, (it) => it.field)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, found]) => ({
      field,
      add: [...new Map(found.flatMap((it) => it.add).map((it) => [JSON.stringify(it), it])).values()],
      mends: [...new Set(found.flatMap((it) => it.mends))],
    }));
}

function withoutFix({ verdicts }: ValidationReport): Finding[] {
  return verdicts.flatMap((it) => it.findings).filter((it) => !it.fix && !it.waived);
}
