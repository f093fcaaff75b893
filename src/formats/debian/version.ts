import type { Relation } from '../../model/relation.ts';

/** Order of one character in the non-digit parts: `~` before the end, the end before letters, letters before the rest. */
function weightOf(code: number): number {
  if (code === 126) return -1;
  if (Number.isNaN(code) || isDigit(code)) return 0;
  return isLetter(code) ? code : code + 256;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** Compares upstream versions or revisions (Debian Policy §5.6.12: non-digits by weight, digits by value, in turn). */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = weightOf(a.charCodeAt(i)) - weightOf(b.charCodeAt(j));
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    while (a.charCodeAt(i) === 48) i += 1;
    while (b.charCodeAt(j) === 48) j += 1;
    let first = 0;
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      first ||= a.charCodeAt(i) - b.charCodeAt(j);
      i += 1;
      j += 1;
    }
    // More digits are a larger number, whatever the digits are: no conversion, so no loss on long ones.
    if (isDigit(a.charCodeAt(i))) return 1;
    if (isDigit(b.charCodeAt(j))) return -1;
    if (first !== 0) return first;
  }
  return 0;
}

interface VersionParts {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

/** Splits `epoch:upstream-revision`; absent parts are `''` (an absent epoch is 0, an absent revision sorts as 0). */
export function splitVersion(version: string): VersionParts {
  const colon = version.indexOf(':');
  const dash = version.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '' : version.slice(0, colon),
    upstream: version.slice(colon + 1, dash > colon ? dash : undefined),
    revision: dash > colon ? version.slice(dash + 1) : '',
  };
}

/** Negative, zero or positive as `a` is older than, as old as or newer than `b` (deb-version(7), as dpkg orders them). */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const first = splitVersion(a);
  const second = splitVersion(b);
  return (
    compareParts(first.epoch, second.epoch) ||
    compareParts(first.upstream, second.upstream) ||
    compareParts(first.revision, second.revision)
  );
}

/** Whether a version meets a relation's constraint; no constraint is met by every version. */
export function satisfies(version: string, constraint: Relation['constraint']): boolean {
  if (!constraint) return true;
  const order = compareVersions(version, constraint.version);
  switch (constraint.operator) {
    case '<<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '>=':
      return order >= 0;
    case '>>':
      return order > 0;
  }
}
