type Triple = readonly [number, number, number];

/** Whether a version such as `18.20.4` is in a range of npm's (node-semver, 'Ranges'); what cannot be read holds every version. */
export function isInNodeRange(version: string, range: string): boolean {
  const have = tripleOf(version);
  const sets = range.split('||').map((it) => comparatorsOf(it.trim()));
  if (!have || sets.some((it) => it === undefined)) return true;
  return sets.some((set) => set!.every(([from, to]) => compare(have, from) >= 0 && compare(have, to) < 0));
}

const NONE: Triple = [0, 0, 0];
const ALL: Triple = [Number.POSITIVE_INFINITY, 0, 0];

/** Half-open intervals that all have to hold. */
function comparatorsOf(set: string): (readonly [from: Triple, to: Triple])[] | undefined {
  const joined = set.replace(/([<>]=?|[~^=])\s+/g, '$1').replace(/^(\S+)\s+-\s+(\S+)$/, '>=$1 <=$2');
  const words = joined.split(/\s+/).filter((it) => it !== '');
  const found = words.map(intervalOf);
  return found.some((it) => it === undefined) ? undefined : (found as (readonly [Triple, Triple])[]);
}

function intervalOf(word: string): readonly [Triple, Triple] | undefined {
  const match = /^(>=|<=|>|<|\^|~|=)?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?/.exec(word);
  if (!match) return undefined;
  const parts = match
    .slice(2, 5)
    .filter((it) => it !== undefined && /^\d+$/.test(it))
    .map(Number);
  const [major = 0, minor = 0, patch = 0] = parts;
  const from: Triple = [major, minor, patch];
  if (parts.length === 0) return [NONE, ALL];
  const after: Triple =
    parts.length === 1 ? [major + 1, 0, 0] : parts.length === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1];
  switch (match[1]) {
    case '>=':
      return [from, ALL];
    case '>':
      return [after, ALL];
    case '<':
      return [NONE, from];
    case '<=':
      return [NONE, after];
    case '^':
      return [from, major > 0 ? [major + 1, 0, 0] : minor > 0 ? [0, minor + 1, 0] : after];
    case '~':
      return [from, parts.length === 1 ? [major + 1, 0, 0] : [major, minor + 1, 0]];
    default:
      return [from, after];
  }
}

function tripleOf(version: string): Triple | undefined {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version);
  return match ? [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)] : undefined;
}

function compare(a: Triple, b: Triple): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
