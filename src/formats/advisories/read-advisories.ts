import type { Advisory } from '../../model/advisory.ts';
import { KilnError } from '../../model/error.ts';
import { isZip, zipMembers } from '../archive/zip.ts';
import { parseJsonSource, positionInJson } from '../text/json-source.ts';
import type { Path } from '../text/yaml-source.ts';
import { Wrong } from './check.ts';
import { advisoriesOfTracker } from './debian-tracker.ts';
import { advisoriesOfOsv } from './osv.ts';

/**
 * Advisories of one file: records in the OSV format (one, a list, `{"vulns": […]}`, one a line, or a ZIP archive of them) or the JSON of
 * Debian's security tracker. Throws POLICY_INVALID with `file:line:column: path: what`.
 */
export function readAdvisories(name: string, bytes: Uint8Array): Advisory[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isZip(buffer)) {
    return zipMembers(buffer, name)
      .filter((it) => it.name.endsWith('.json'))
      .flatMap((it) => readText(`${name}/${it.name}`, it.read().toString('utf8')));
  }
  const text = buffer.toString('utf8');
  return looksLikeLines(text) ? readLines(name, text) : readText(name, text);
}

/** One record a line: the first line is whole, and another follows. */
function looksLikeLines(text: string): boolean {
  const end = text.indexOf('\n');
  return end > 0 && /^\s*\{.*\}\s*$/.test(text.slice(0, end)) && text.slice(end).trimStart().startsWith('{');
}

function readLines(name: string, text: string): Advisory[] {
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : readText(name, line, index)));
}

function readText(name: string, text: string, lineBefore = 0): Advisory[] {
  const parsed = parseJsonSource(text);
  if ('message' in parsed) throw fault(name, { ...parsed, line: parsed.line + lineBefore }, [], parsed.message);
  try {
    return interpret(parsed.value);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const { line, column } = positionInJson(text, error.path);
    throw fault(name, { line: line + lineBefore, column }, error.path, error.message);
  }
}

function interpret(value: unknown): Advisory[] {
  if (Array.isArray(value)) return value.flatMap((it, index) => advisoriesOfOsv(it, () => [index]));
  const { vulns } = (value ?? {}) as { vulns?: unknown };
  if (Array.isArray(vulns)) return vulns.flatMap((it, index) => advisoriesOfOsv(it, () => ['vulns', index]));
  return isOsv(value) ? advisoriesOfOsv(value, () => []) : advisoriesOfTracker(value);
}

function isOsv(value: unknown): boolean {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return ['id', 'affected', 'schema_version'].some((it) => keys.includes(it));
}

function fault(name: string, at: { line: number; column: number }, path: Path, message: string): KilnError {
  const place = path.length > 0 ? `${path.join('.')}: ` : '';
  return new KilnError('POLICY_INVALID', `${name}:${at.line}:${at.column}: ${place}${message}`, {
    hint: 'advisories are in the OSV format, or the JSON of Debian’s security tracker',
  });
}
