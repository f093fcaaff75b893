import type { PackageRecord } from '../../../model/package.ts';
import { imageSpec } from '../../../model/spec.ts';
import type { DebContents } from '../../../ports/package-source.ts';
import { resolve } from '../../../resolver/resolve.ts';
import type { DraftContext } from '../draft/draft.ts';
import { chooseUnit } from './unit.ts';

const PROGRAM = /^\/usr\/s?bin\/([^/]+)$/;

/** What is looked at to draft a package. */
export interface Family {
  readonly family: readonly PackageRecord[];
  readonly contents: readonly DebContents[];
  /** Those of the same source. */
  readonly own: readonly DebContents[];
  /** It runs on Java, whose programs take their time to start. */
  readonly isJava: boolean;
}

/**
 * The package and those of its closure that are built from the same source (a unit may be in `nginx-common`); where these run
 * nothing, those that it names itself: a package may stand for others.
 */
export async function openFamily(context: DraftContext, record: PackageRecord): Promise<Family> {
  const closure = closureOf(context, record);
  const named = new Set(
    context.archive.universe.relations(record, 'Depends').flatMap((group) => group.map((it) => it.name)),
  );
  const own = [record, ...closure.filter((it) => it.name !== record.name && it.source.name === record.source.name)];
  const isJava = closure.some((it) => /^openjdk-\d+-jre-headless$/.test(it.name));
  const contents = await openAll(context, own);
  if (chooseUnit(contents, [])?.runsOn || programsOf(contents.slice(0, 1)).length > 0)
    return { family: own, contents, own: contents, isJava };
  const others = closure.filter((it) => named.has(it.name) && !own.includes(it));
  const all = [...contents, ...(await openAll(context, others))];
  return { family: [...own, ...others], contents: all, own: contents, isJava };
}

function closureOf({ archive }: DraftContext, record: PackageRecord): readonly PackageRecord[] {
  const why = { kind: 'spec', field: 'application.packages' } as const;
  const resolution = imageSpec.shape.resolution.parse({});
  const outcome = resolve(archive.universe, { roots: [{ relation: record.name, why }], resolution });
  return outcome.kind === 'unsatisfiable' ? [] : outcome.packages;
}

/** Programs in the command path. */
export function programsOf(contents: readonly DebContents[]): string[] {
  return contents.flatMap((it) => [...it.data.entries()].map((entry) => entry.path)).filter((it) => PROGRAM.test(it));
}

async function openAll({ ports, archive }: DraftContext, records: readonly PackageRecord[]): Promise<DebContents[]> {
  await ports.source.fetch(records, archive.indexes, ports.progress);
  return Promise.all(records.map((it) => ports.source.open(it)));
}
