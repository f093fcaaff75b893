import { expect, test } from 'vitest';
import { parseStanzas } from '../../../src/formats/debian/stanza.ts';
import { KilnError } from '../../../src/model/error.ts';

const parsed = (text: string | Buffer): Record<string, string>[] =>
  [...parseStanzas(text)].map((it) => Object.fromEntries(it));

test.each([
  { summary: 'two stanzas', text: 'A: 1\nB: 2\n\nA: 3\n', want: [{ A: '1', B: '2' }, { A: '3' }] },
  { summary: 'a continuation keeps its line', text: 'A: one\n two\n  three\n', want: [{ A: 'one\ntwo\n three' }] },
  { summary: 'a field without a value', text: 'A:\n x\n', want: [{ A: '\nx' }] },
  { summary: 'values with colons', text: 'A: b: c\n', want: [{ A: 'b: c' }] },
  { summary: 'comments', text: '# no\nA: 1\n# no\nB: 2\n', want: [{ A: '1', B: '2' }] },
  { summary: 'several empty lines', text: '\n\nA: 1\n\n \n\nB: 2', want: [{ A: '1' }, { B: '2' }] },
  { summary: 'line ends of other systems', text: 'A: 1\r\nB: 2\r\n', want: [{ A: '1', B: '2' }] },
  { summary: 'nothing', text: '', want: [] },
])('$summary', ({ text, want }) => {
  expect(parsed(text)).toEqual(want);
  expect(parsed(Buffer.from(text))).toEqual(want);
});

test.each([
  { summary: 'a line that is no field', text: 'A: 1\nnonsense\n', message: 'x, line 2: "nonsense" is not a field' },
  {
    summary: 'a continuation of nothing',
    text: 'A: 1\n\n b\n',
    message: 'x, line 3: a continuation line follows no field',
  },
  { summary: 'a field twice', text: 'A: 1\nA: 2\n', message: 'x, line 2: field A is there twice' },
])('$summary is a fault that names the line', ({ text, message }) => {
  expect(() => [...parseStanzas(text, { name: 'x', code: 'PACKAGE_CORRUPT' })]).toThrow(KilnError);
  expect(() => [...parseStanzas(text, { name: 'x' })]).toThrow(message);
});
