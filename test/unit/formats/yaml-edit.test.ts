import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { diffTexts } from '../../../src/formats/text/text-diff.ts';
import { addToLists } from '../../../src/formats/text/yaml-edit.ts';

describe('a value is added, and all else stays as it was written', () => {
  test.each([
    {
      summary: 'after the last line of a list, with its comments',
      text: 'a:\n  # why\n  - one # first\n  - two # second\nb: 1 # keep\n',
      want: 'a:\n  # why\n  - one # first\n  - two # second\n  - new\nb: 1 # keep\n',
    },
    { summary: 'a list that is not indented', text: 'a:\n- one\nb: 1\n', want: 'a:\n- one\n- new\nb: 1\n' },
    { summary: 'a list in brackets', text: 'a: [one, "two"]  # both\n', want: 'a: [one, "two", new]  # both\n' },
    { summary: 'an empty list', text: 'a: []\nb: 2\n', want: 'a: [new]\nb: 2\n' },
    {
      summary: 'a list that is missing',
      text: 'b:\n  c: 1\n\n# the end\n',
      want: 'b:\n  c: 1\na:\n  - new\n\n# the end\n',
    },
    { summary: 'a key with nothing after it', text: 'a:\nb: 2\n', want: 'a:\n  - new\nb: 2\n' },
    { summary: 'no line end at the end', text: 'b: 2', want: 'b: 2\na:\n  - new' },
    { summary: 'what is there already', text: 'a: [new]\n', want: 'a: [new]\n' },
    {
      summary: 'after an element of several lines',
      text: 'a:\n  - x: 1\n    y: 2\n\nb: 1\n',
      want: 'a:\n  - x: 1\n    y: 2\n  - new\n\nb: 1\n',
    },
    {
      summary: 'after a text of several lines',
      text: 'b: |\n  one\n\n  two\n',
      want: 'b: |\n  one\n\n  two\na:\n  - new\n',
    },
  ])('$summary', ({ text, want }) => {
    expect(addToLists(text, [{ field: 'a', add: ['new'] }])).toBe(want);
  });

  test.each([
    {
      summary: 'the map is there',
      text: 'm:\n  x: 1\nb: 2\n',
      want: 'm:\n  x: 1\n  n:\n    - { p: /x, q: 2 }\nb: 2\n',
    },
    { summary: 'the map is missing', text: 'b: 2\n', want: 'b: 2\nm:\n  n:\n    - { p: /x, q: 2 }\n' },
    { summary: 'the map is in braces', text: 'm: { x: 1 }\n', want: 'm: { x: 1, n: [ { p: /x, q: 2 } ] }\n' },
  ])('below a map: $summary', ({ text, want }) => {
    expect(addToLists(text, [{ field: 'm.n', add: [{ p: '/x', q: 2 }] }])).toBe(want);
  });

  test('whatever the text, the list has the values and nothing else changed', () => {
    const word = fc.stringMatching(/^[a-z]{1,4}$/);
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        word,
        fc.integer(),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(word, tie('any'), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).any;
    const spec = fc.record({ before: value, m: fc.option(fc.record({ z: value }), { nil: undefined }), after: value });
    fc.assert(
      fc.property(
        spec,
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('block' as const, 'flow' as const),
        (it, add, collectionStyle) => {
          const text = stringify(it, { collectionStyle });
          const edited = parse(addToLists(text, [{ field: 'm.list', add }]));
          const { m, ...rest } = JSON.parse(JSON.stringify(it));
          expect(edited).toEqual({ ...rest, m: { ...m, list: add } });
        },
      ),
      { numRuns: 200 },
    );
  });
});

test.each([
  { summary: 'the same', after: 'a\nb\n', want: [] },
  { summary: 'a line more', after: 'a\nb\nc\n', want: ['@@ -1,3 +1,4 @@', ' a', ' b', '+c', ' '] },
  { summary: 'a line changed', after: 'a\nx\n', want: ['@@ -1,3 +1,3 @@', ' a', '-b', '+x', ' '] },
])('a diff of $summary', ({ after, want }) => expect(diffTexts('a\nb\n', after)).toEqual(want));

test('changes far apart are two hunks', () => {
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = lines.toSpliced(2, 0, 'x').toSpliced(18, 1);
  const diff = diffTexts(lines.join('\n'), after.join('\n'));
  expect(diff.filter((it) => it.startsWith('@@'))).toEqual(['@@ -1,5 +1,6 @@', '@@ -15,6 +16,5 @@']);
});
