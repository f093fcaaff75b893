import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { faultOf, readYamlFile } from '../../formats/text/schema-check.ts';
import type { Path, SourceIssue, YamlSource } from '../../formats/text/yaml-source.ts';
import { KilnError } from '../../model/error.ts';
import { type ImageSpec, imageSpec } from '../../model/spec.ts';
import { readSourceFile } from './read-source-file.ts';

/** A spec that was read from a file. */
export interface SpecFile {
  readonly spec: ImageSpec;
  /** Absolute path of the file. */
  readonly path: string;
  /** Folder that the spec's relative paths start from. */
  readonly directory: string;
  /** Where a value of the spec stands, counted from 1; for messages about what the spec says. */
  positionOf: YamlSource['positionOf'];
}

const HINT = 'docs/specs.md explains every key; schemas/image.schema.json lets an editor check them';

/**
 * Reads `image.yaml`, or the one in a folder, with defaults filled in. Throws NOT_FOUND, or SPEC_INVALID with one line
 * `file:line:column: path: what` an issue.
 */
export async function loadSpec(path: string): Promise<SpecFile> {
  const file = specPathOf(path);
  const name = basename(file);
  const bytes = await readSourceFile(file, 'SPEC_INVALID');
  const { value: spec, source } = readYamlFile(imageSpec, { name, bytes }, { code: 'SPEC_INVALID', hint: HINT });
  const directory = dirname(file);
  const issues = missingFiles(spec, directory).map(({ path: place, message }) => issueAt(source, place, message));
  if (issues.length > 0) throw faultOf(name, issues, { code: 'SPEC_INVALID', hint: HINT });
  return { spec, path: file, directory, positionOf: source.positionOf };
}

/** Absolute path of the spec that a file's or a folder's path means. Throws NOT_FOUND for a folder without one. */
export function specPathOf(path: string): string {
  const found = resolve(path);
  if (!statSync(found, { throwIfNoEntry: false })?.isDirectory()) return found;
  const inside = join(found, 'image.yaml');
  if (existsSync(inside)) return inside;
  const others = readdirSync(found).filter((it) => /\.ya?ml$/.test(it));
  throw new KilnError('NOT_FOUND', `no image.yaml in ${path}`, {
    hint: others.length > 0 ? `there is ${others.join(', ')}` : `kiln init ${path} drafts one`,
  });
}

/** Files of the user's own that the spec names and that are not there. */
function missingFiles({ application }: ImageSpec, directory: string): { path: Path; message: string }[] {
  const named: { path: Path; file: string | undefined }[] = [
    { path: ['application', 'from', 'path'], file: application.from?.path },
    ...application.files.map((it, index) => ({ path: ['application', 'files', index, 'source'], file: it.source })),
  ];
  return named.flatMap(({ path, file }) =>
    file === undefined || existsSync(resolve(directory, file))
      ? []
      : [{ path, message: `there is no ${file} beside the spec` }],
  );
}

function issueAt(source: YamlSource, path: Path, message: string): SourceIssue {
  return { ...source.positionOf(path), path, message };
}
