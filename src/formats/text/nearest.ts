/** The known word that somebody who typed `word` most likely meant, or undefined where none is near. */
export function nearestWord(known: Iterable<string>, word: string): string | undefined {
  return nearestWords(known, word, 1)[0];
}

/** Known words within a third of the word's length in edits, nearest first. Case does not count. */
export function nearestWords(known: Iterable<string>, word: string, count = 3): string[] {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.ceil(wanted.length / 3));
  const near: { candidate: string; distance: number }[] = [];
  for (const candidate of new Set(known)) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    if (distance <= limit || isPart(wanted, candidate.toLowerCase())) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, count).map((it) => it.candidate);
}

function isPart(a: string, b: string): boolean {
  return Math.min(a.length, b.length) > 2 && (a.includes(b) || b.includes(a));
}

/** The `count` package names most like `name`, nearest first; a name that has it as a whole word counts as near. Made for ten thousands. */
export function nearestNames(names: Iterable<string>, name: string, count: number): string[] {
  const limit = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  const found: { name: string; distance: number }[] = [];
  for (const it of names) {
    const distance = Math.min(editDistance(name, it, limit), hasWord(it, name) ? limit + 0.5 : limit + 1);
    if (distance <= limit + 0.5) found.push({ name: it, distance });
  }
  found.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return found.slice(0, count).map((it) => it.name);
}

function hasWord(text: string, word: string): boolean {
  return word.length > 2 && (text.startsWith(`${word}-`) || text.endsWith(`-${word}`) || text.includes(`-${word}-`));
}

/** Edits (insert, drop, change, swap of neighbours) from `a` to `b`, or `limit + 1` where they are more than `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
