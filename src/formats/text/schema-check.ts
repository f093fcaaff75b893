import type { z } from 'zod';
import { type ErrorCode, KilnError } from '../../model/error.ts';
import { nearestWord } from './nearest.ts';
import { expectation, joinWords, keysAt, schemasAt } from './schema-words.ts';
import { type Path, parseYamlSource, type SourceIssue, type YamlSource } from './yaml-source.ts';

const MOST_ISSUES = 20;

/** Parses and checks a YAML file. Throws KilnError `code` whose message has a `file:line:column: path: what` line an issue. */
export function readYamlFile<Schema extends z.ZodType>(
  schema: Schema,
  file: { name: string; bytes: Uint8Array },
  fault: { code: ErrorCode; hint: string },
): { value: z.output<Schema>; source: YamlSource } {
  const parsed = parseYamlSource(file.bytes);
  if ('issues' in parsed) throw faultOf(file.name, parsed.issues, fault);
  const checked = checkSource(schema, parsed.source);
  if ('issues' in checked) throw faultOf(file.name, checked.issues, fault);
  return { value: checked.value, source: parsed.source };
}

/** One fault for all issues of a file, in the order of the file. */
export function faultOf(
  file: string,
  issues: readonly SourceIssue[],
  { code, hint }: { code: ErrorCode; hint: string },
) {
  const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted.slice(0, MOST_ISSUES).map((it) => {
    const path = it.path.length > 0 ? `${formatPath(it.path)}: ` : '';
    return `${file}:${it.line}:${it.column}: ${path}${it.message}`;
  });
  if (sorted.length > MOST_ISSUES) lines.push(`${file}: and ${sorted.length - MOST_ISSUES} more`);
  return new KilnError(code, lines.join('\n'), { hint });
}

/** `tests[0].http.port`. */
export function formatPath(path: Path): string {
  return path.map((it, index) => (typeof it === 'number' ? `[${it}]` : `${index > 0 ? '.' : ''}${it}`)).join('');
}

/** Checks a parsed file against a schema: its value with defaults filled in, or every issue. */
export function checkSource<Schema extends z.ZodType>(
  schema: Schema,
  source: YamlSource,
): { value: z.output<Schema> } | { issues: SourceIssue[] } {
  const result = schema.safeParse(source.value, { reportInput: true });
  if (result.success) return { value: result.data };
  return { issues: result.error.issues.flatMap((it) => translate(schema, source, it, [])) };
}

type Issue = z.core.$ZodIssue;

function translate(schema: z.ZodType, source: YamlSource, issue: Issue, base: Path): SourceIssue[] {
  const path = [...base, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, source, path, key));
  if (issue.code === 'invalid_union') return translateUnion(schema, source, issue, path);
  if (issue.code === 'invalid_key') {
    return [at(source, path, `the key is not ${issue.issues[0]?.message ?? 'one that fits'}`, 'key')];
  }
  return [at(source, path, complaint(schema, issue, path))];
}

/** The alternative that the value is nearest to speaks; where none is nearer, what any of them wants is said. */
function translateUnion(
  schema: z.ZodType,
  source: YamlSource,
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
): SourceIssue[] {
  const misfits = issue.errors.map((errors) => errors.filter(isAboutTheMapItself).length);
  const least = Math.min(...misfits);
  const nearest = issue.errors.filter((_, index) => misfits[index] === least);
  if (nearest.length === 1 && least === 0) return nearest[0]!.flatMap((it) => translate(schema, source, it, path));
  if (!isMap(issue.input)) return [at(source, path, mismatch(schema, path, issue.input))];
  const known = keysAt(schema, path);
  const unknown = Object.keys(issue.input).filter((key) => !known.includes(key));
  if (unknown.length > 0) return unknown.map((key) => unknownKey(schema, source, path, key));
  const wanted = expectation(schemasAt(schema, path)).replace(/^a map with /, '');
  return [at(source, path, `expected exactly one of ${wanted.replace(/ or /, ', ')}`)];
}

// A key too many or too few says that another alternative was meant; what is wrong inside a key does not.
function isAboutTheMapItself(issue: Issue): boolean {
  return (
    issue.path.length === 0 || (issue.path.length === 1 && issue.code === 'invalid_type' && issue.input === undefined)
  );
}

function unknownKey(schema: z.ZodType, source: YamlSource, path: Path, key: string): SourceIssue {
  const known = keysAt(schema, path);
  const near = nearestWord(known, key);
  const help =
    key === '<<' ? 'merge keys are not supported' : near ? `did you mean ${near}?` : `known here: ${known.join(', ')}`;
  return at(source, [...path, key], `unknown key; ${help}`, 'key');
}

function complaint(schema: z.ZodType, issue: Issue, path: Path): string {
  switch (issue.code) {
    case 'invalid_type':
      return mismatch(schema, path, issue.input);
    case 'invalid_value': {
      const near = typeof issue.input === 'string' ? nearestWord(issue.values.map(String), issue.input) : undefined;
      return `expected ${joinWords(issue.values.map(String), 'or')}, got ${describe(issue.input)}${near ? `; did you mean ${near}?` : ''}`;
    }
    case 'invalid_format':
      return `expected ${expected(issue)}, got ${describe(issue.input)}`;
    case 'too_small':
      return issue.origin === 'number'
        ? `expected ${issue.minimum} or more, got ${describe(issue.input)}`
        : `expected at least ${issue.minimum} ${issue.origin === 'string' ? 'character' : 'entry'}, got none`;
    case 'too_big':
      return `expected ${issue.maximum} or less, got ${describe(issue.input)}`;
    default:
      return issue.message.startsWith('expected') || issue.code !== 'custom'
        ? issue.message
        : `expected ${issue.message}`;
  }
}

function expected(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  return issue.format === 'starts_with' && 'prefix' in issue
    ? `text that starts with "${issue.prefix}"`
    : issue.message;
}

function mismatch(schema: z.ZodType, path: Path, input: unknown): string {
  const wanted = expectation(schemasAt(schema, path)) || 'something else';
  if (input === undefined || input === null) return `missing; expected ${wanted}`;
  const quotes = wanted === 'text' && typeof input !== 'object' ? '; put it in quotes' : '';
  return `expected ${wanted}, got ${describe(input)}${quotes}`;
}

function describe(input: unknown): string {
  if (typeof input === 'string') return `"${input.length > 60 ? `${input.slice(0, 57)}...` : input}"`;
  if (Array.isArray(input)) return 'a list';
  return isMap(input) ? 'a map' : String(input);
}

function isMap(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function at(source: YamlSource, path: Path, message: string, what: 'key' | 'value' = 'value'): SourceIssue {
  return { ...source.positionOf(path, what), path, message };
}
