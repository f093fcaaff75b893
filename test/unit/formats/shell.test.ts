import { describe, expect, test } from 'vitest';
import { parseShell, type ShellWord } from '../../../src/formats/shell/shell.ts';

const show = (word: ShellWord) =>
  word.parts.map((it) => (it.kind === 'text' ? it.text : it.kind === 'variable' ? `$${it.name}` : '…')).join('');
/** One line a command: line number, words, what it hangs on. */
const listing = (text: string) =>
  parseShell(text).commands.map(
    ({ line, words, guards, inFunction, conditional }) =>
      `${line}${inFunction ? ` ${inFunction}()` : ''}${conditional ? ' ?' : ''} ${words.map(show).join(' ')}${guards.length > 0 ? ` [${guards.map(({ word }) => show(word)).join(' ')}]` : ''}`,
  );

describe('parseShell', () => {
  test.each([
    { summary: 'words and quotes', text: `echo 'a b' "c $D" e\\ f`, want: ['1 echo a b c $D e f'] },
    { summary: 'pipes, lists and the background', text: 'a | b; c & d', want: ['1 a', '1 b', '1 c', '1 d'] },
    { summary: 'redirections are no words', text: 'a >x 2>&1 <y b 3>>z', want: ['1 a b'] },
    { summary: 'assignments are no commands', text: 'A=1 B="x y" cmd C=2\nD=3', want: ['1 cmd C=2'] },
    { summary: 'comments and joined lines', text: 'a \\\n  b # c\n# d\ne#f', want: ['1 a b', '4 e#f'] },
    {
      summary: 'substitutions, nested and in quotes',
      text: 'a "$(b "$(c)" `d \\`e\\``)"',
      want: ['1 c', '1 e', '1 d …', '1 b … …', '1 a …'],
    },
    { summary: 'an arithmetic condition', text: 'if (( n-- == 0 )); then a; fi\nb', want: ['1 ? a', '2 b'] },
    { summary: 'arithmetic is no command', text: 'echo $((1 + $(n))) $(( (2) ))', want: ['1 n', '1 echo … …'] },
    {
      summary: 'here-documents are expanded',
      text: 'cat <<EOF\n$(date) "\nEOF\nb',
      want: ['1 cat', '2 date', '2 : …', '4 b'].map((it) => it.replace('2 : …', '2 : … "\n')),
    },
    {
      summary: 'quoted here-documents are not',
      text: "cat <<'EOF' <<-X\n$(date)\nEOF\n\tb\n\tX\nc",
      want: ['1 cat', '6 c'],
    },
    {
      summary: 'branches hang on conditions',
      text: 'if a; then b; elif c; then d; else e; fi',
      want: ['1 a', '1 ? b', '1 ? c', '1 ? d', '1 ? e'],
    },
    {
      summary: 'case patterns are no commands',
      text: 'case $1 in\n a|b) c;;\n (*) d\nesac\ne',
      want: ['2 ? c', '3 ? d', '5 e'],
    },
    {
      summary: 'loops',
      text: 'for i in a b; do $i; done\nwhile read x; do c; done <f',
      want: ['1 ? $i', '2 read x', '2 ? c'],
    },
    {
      summary: 'functions of both kinds',
      text: 'f() { a; }\nfunction g { b; }\nf',
      want: ['1 f() a', '2 g() b', '3 f'],
    },
    { summary: 'subshells and groups', text: '( a; { b; } ) && c', want: ['1 a', '1 b', '1 ? c'] },
    {
      summary: 'a guarded branch',
      text: 'if [ -x /bin/a ]; then /bin/a; else b; fi; c',
      want: ['1 [ -x /bin/a ]', '1 ? /bin/a [/bin/a]', '1 ? b', '1 c'],
    },
    { summary: 'a guard with &&', text: 'test -x $D && $D', want: ['1 test -x $D', '1 ? $D [$D]'] },
    {
      summary: 'a guard that leaves',
      text: 'command -v a >/dev/null || exit 0\na',
      want: ['1 command -v a', '1 ? exit 0', '2 a [a]'],
    },
    {
      summary: 'a guard by negation',
      text: 'if ! [ -e /x ]; then exit; fi\na',
      want: ['1 [ -e /x ]', '1 ? exit', '2 a [/x]'],
    },
    {
      summary: 'no guard: what runs when it is missing',
      text: '[ -x /bin/a ] || b',
      want: ['1 [ -x /bin/a ]', '1 ? b'],
    },
    {
      summary: 'bash tests and arrays',
      text: '[[ -f x && $a < (b) ]] && c=(1 $(d)) && e',
      want: ['1 [[ -f x && $a < ( b ) ]]', '1 ? d [x]', '1 ? e [x]'],
    },
    { summary: 'process substitution', text: 'diff <(a) <(b)', want: ['1 a', '1 b', '1 diff … …'] },
  ])('$summary', ({ text, want }) => {
    expect(listing(text)).toEqual(want);
  });

  test('keeps every value of a variable', () => {
    const { assignments } = parseShell('A=/bin/x\n[ -n "$1" ] && A=$1\nfor B in p q; do :; done\nexport C="${D:-z}"');
    expect([...assignments].map(([name, values]) => `${name}: ${values.map(show)}`)).toEqual([
      'A: /bin/x,$1',
      'B: p,q',
      'C: $D',
    ]);
  });

  test.each([
    '$(',
    '"',
    "'",
    '`a',
    '${x',
    'if',
    'case x in',
    'f() {',
    '<<',
    '$((',
    ')',
    'done',
    ';;',
    'a <<E',
    '((',
    '[[',
    '\\',
    'for ((',
    'a=(',
  ])('ends on broken text: %s', (text) => {
    expect(() => parseShell(`${text}\nb\n${text}`)).not.toThrow();
  });

  test('deep nesting ends, too', () => {
    expect(() => parseShell('`'.repeat(200) + '$('.repeat(2000))).not.toThrow();
  });
});
