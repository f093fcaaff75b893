/** Lines around a change that a diff shows. */
const CONTEXT = 3;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** A unified diff of two texts, as `diff -u` writes it, without its first two lines; [] where they are the same. */
export function diffTexts(before: string, after: string): string[] {
  const lines = compare(before.split('\n'), after.split('\n'));
  const changed = lines.flatMap((it, at) => (it.mark === ' ' ? [] : [at]));
  const hunks: { from: number; to: number }[] = [];
  for (const at of changed) {
    const last = hunks.at(-1);
    if (last && at - CONTEXT <= last.to) last.to = Math.min(at + CONTEXT + 1, lines.length);
    else hunks.push({ from: Math.max(at - CONTEXT, 0), to: Math.min(at + CONTEXT + 1, lines.length) });
  }
  return hunks.flatMap(({ from, to }) => [
    heading(lines, from, to),
    ...lines.slice(from, to).map((it) => it.mark + it.text),
  ]);
}

function heading(lines: readonly Line[], from: number, to: number): string {
  const count = (part: readonly Line[], mark: string) => part.filter((it) => it.mark !== mark).length;
  const [ahead, within] = [lines.slice(0, from), lines.slice(from, to)];
  return `@@ -${count(ahead, '+') + 1},${count(within, '+')} +${count(ahead, '-') + 1},${count(within, '-')} @@`;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end))
    end += 1;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ mark: ' ', text }));
  return [
    ...same(before.slice(0, start)),
    ...align(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(end === 0 ? [] : before.slice(-end)),
  ];
}

/** By the longest common subsequence; what is removed stands before what is added. */
function align(before: readonly string[], after: readonly string[]): Line[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      lengths[i]![j] =
        before[i] === after[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ mark: ' ', text: before[i]! });
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push({ mark: '-', text: before[i]! });
      i += 1;
    } else {
      lines.push({ mark: '+', text: after[j]! });
      j += 1;
    }
  }
  return lines;
}
