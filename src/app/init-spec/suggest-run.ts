import { basename } from 'node:path';
import { stringify } from 'yaml';
import { parseYamlSource } from '../../formats/text/yaml-source.ts';
import { KilnError } from '../../model/error.ts';
import { imageSpec } from '../../model/spec.ts';
import { openArchive } from '../lock/closure.ts';
import { specPathOf } from '../sources/load-spec.ts';
import { readSourceFile } from '../sources/read-source-file.ts';
import type { Draft, DraftPorts } from './draft/draft.ts';
import { draftOfPackage } from './package/package.ts';

/**
 * The fault of a spec that lacks `application.run`, with what to write there: what its first package that brings a unit is drafted
 * with. Any other fault comes back as it is.
 */
export async function withRunSuggested(ports: DraftPorts, path: string, fault: unknown): Promise<unknown> {
  if (!(fault instanceof KilnError) || !/application\.run: missing/.test(fault.message)) return fault;
  const packages = await packagesNamed(path);
  if (packages.length === 0) return fault;
  const drafts = await draftsOf(ports, packages);
  const draft = drafts.find(({ run }) => 'unit' in run) ?? drafts[0];
  if (!draft) return fault;
  const hint = `add to ${basename(specPathOf(path))}: ${linesFor(draft).join(', and ')}`;
  return new KilnError(fault.code, fault.message, { hint });
}

/** What the spec must say for a draft to run, in flow style. */
export function linesFor({ run, init, include = [] }: Pick<Draft, 'run' | 'init' | 'include'>): string[] {
  const wanted = [
    { application: { run } },
    ...(init ? [{ boot: { init } }] : []),
    ...(include.length > 0 ? [{ resolution: { include } }] : []),
  ];
  return wanted.map((it) => {
    const [[section, value]] = Object.entries(it) as [[string, object]];
    const [[key, inner]] = Object.entries(value) as [[string, unknown]];
    return `${section}.${key}: ${stringify(inner, { collectionStyle: 'flow', lineWidth: 0 }).trim()}`;
  });
}

async function packagesNamed(path: string): Promise<string[]> {
  const parsed = parseYamlSource(await readSourceFile(specPathOf(path), 'SPEC_INVALID'));
  const value = 'issues' in parsed ? undefined : (parsed.source.value as { application?: { packages?: unknown } });
  const packages = value?.application?.packages;
  return Array.isArray(packages) ? packages.map((it) => String(it).split(/[ :(]/)[0]!) : [];
}

async function draftsOf(ports: DraftPorts, packages: readonly string[]): Promise<Draft[]> {
  const context = { ports, archive: await openArchive(ports, imageSpec.shape.os.parse({})) };
  const drafts: Draft[] = [];
  for (const name of packages)
    if (context.archive.universe.candidate(name))
      drafts.push(...(await draftOfPackage(context, name).then((it) => [it], withoutProgram)));
  return drafts;
}

/** A package that nothing can be started of suggests nothing. */
function withoutProgram(fault: unknown): Draft[] {
  if (fault instanceof KilnError && fault.code === 'USAGE') return [];
  throw fault;
}
