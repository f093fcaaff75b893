import { describe, expect, test } from 'vitest';
import { parseYamlSource } from '../../../src/formats/text/yaml-source.ts';

const bomb = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ...[1, 2, 3, 4, 5, 6].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`),
];

describe('text that is not a YAML map is told by line and column', () => {
  test.each([
    { summary: 'empty', text: '', want: '1:1 the file is empty' },
    { summary: 'only a comment', text: '# nothing\n', want: '1:1 the file is empty' },
    { summary: 'a tab', text: 'a:\n\tb: 1\n', want: '2:1 a tab indents this line; YAML wants spaces' },
    { summary: 'a key twice', text: 'a: 1\nb: 2\na: 3\n', want: '3:1 key a stands here a second time' },
    { summary: 'a key twice further in', text: 'a:\n  b: 1\n  b: 2\n', want: '3:3 key b stands here a second time' },
    { summary: 'two documents', text: 'a: 1\n---\nb: 1\n', want: '2:1 a second document begins here' },
    { summary: 'an open quote', text: 'a: "x\n', want: '2:1 a bracket or quote is not closed' },
    { summary: 'a colon too many', text: 'a: b: c\n', want: '1:4 nested mappings are not allowed in compact mappings' },
    { summary: 'a tag', text: 'a: !!js/function x\n', want: '1:4 unresolved tag: tag:yaml.org,2002:js/function' },
    { summary: 'an unknown alias', text: 'a: *b\n', want: /^1:1 unresolved alias/ },
    { summary: 'an alias inside itself', text: 'a: &a [*a]\n', want: '1:1 an alias stands inside what it stands for' },
    { summary: 'an alias bomb', text: bomb.join('\n'), want: '1:1 aliases stand for too many values' },
    { summary: 'deep brackets', text: '['.repeat(20_000), want: /nested too deeply$/ },
    { summary: 'deep dashes', text: '- '.repeat(20_000), want: /nested too deeply$/ },
    { summary: 'UTF-16', text: Buffer.from('a: 1', 'utf16le'), want: '1:1 the file is not text' },
    { summary: 'no UTF-8', text: Buffer.from([0x61, 0xff, 0xfe]), want: '1:1 the file is not UTF-8 text' },
    { summary: 'huge', text: Buffer.alloc((1 << 20) + 1, 0x61), want: '1:1 the file is larger than 1024 KiB' },
  ])('$summary', ({ text, want }) => {
    const parsed = parseYamlSource(Buffer.from(text));
    const [issue] = 'issues' in parsed ? parsed.issues : [];
    expect(`${issue?.line}:${issue?.column} ${issue?.message}`).toMatch(want);
  });
});

test('many keys are read in time that grows with them', () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n');
  expect(parseYamlSource(Buffer.from(text))).toHaveProperty('source');
});

describe('positions', () => {
  const parsed = parseYamlSource(Buffer.from('a: 1\nb:\n  - x\n  - c: yes\nd: &d {e: 1}\nf: *d\n'));
  if (!('source' in parsed)) throw new Error('it parses');
  const { positionOf } = parsed.source;
  test.each([
    { summary: 'a value', path: ['a'], want: { line: 1, column: 4 } },
    { summary: 'a key', path: ['a'], what: 'key', want: { line: 1, column: 1 } },
    { summary: 'a list’s entry', path: ['b', 1, 'c'], want: { line: 4, column: 8 } },
    { summary: 'a missing one: its parent', path: ['b', 1, 'z'], want: { line: 4, column: 5 } },
    { summary: 'through an alias', path: ['f', 'e'], want: { line: 5, column: 11 } },
    { summary: 'the whole', path: [], want: { line: 1, column: 1 } },
  ] as const)('$summary', (row) => {
    expect(positionOf(row.path, 'what' in row ? row.what : 'value')).toEqual(row.want);
  });
});
