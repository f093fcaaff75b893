import { expect, test } from 'vitest';
import { formatAlternatives, parseRelations } from '../../../src/formats/debian/relation.ts';
import { KilnError } from '../../../src/model/error.ts';

const parsed = (field: string): string => parseRelations(field, 'here').map(formatAlternatives).join(', ');

test.each([
  { summary: 'names', field: 'a, b', want: 'a, b' },
  { summary: 'alternatives keep their order', field: 'b | a | c', want: 'b | a | c' },
  { summary: 'versions with epochs and tildes', field: 'a (>= 1:2.0~rc1-3)', want: 'a (>= 1:2.0~rc1-3)' },
  { summary: 'spaces do not matter', field: ' a(>=1)|b( << 2 ) ,c', want: 'a (>= 1) | b (<< 2), c' },
  {
    summary: 'the obsolete operators mean what dpkg reads in them',
    field: 'a (< 1), b (> 1)',
    want: 'a (<= 1), b (>= 1)',
  },
  {
    summary: 'Multi-Arch qualifiers',
    field: 'python3:any (>= 3.11), libc6:i386',
    want: 'python3:any (>= 3.11), libc6:i386',
  },
  { summary: 'an architecture list that has ours', field: 'a [amd64 arm64]', want: 'a' },
  { summary: 'an architecture list that leaves ours out', field: 'a [!amd64] | b, c [i386]', want: 'b' },
  { summary: 'an architecture wildcard', field: 'a [linux-any], b [any-i386]', want: 'a' },
  {
    summary: 'build profiles, of which none is active',
    field: 'a <!nocheck>, b <nocheck>, c <stage1> <!cross>',
    want: 'a, c',
  },
  { summary: 'empty members of a list', field: 'a, , b,', want: 'a, b' },
  { summary: 'nothing', field: '', want: '' },
])('$summary', ({ field, want }) => {
  expect(parsed(field)).toBe(want);
});

test.each(['a (>= )', 'a (1.0)', 'a b', '(>= 1)', 'a |', 'a (>= 1', 'a (== 1)', '$a'])(
  '%s is a fault that names the place',
  (field) => {
    expect(() => parseRelations(field, 'bookworm/main, package x, field Depends')).toThrow(KilnError);
    expect(() => parseRelations(field, () => 'bookworm/main, package x, field Depends')).toThrow(
      /^bookworm\/main, package x, field Depends: ".*" is not a relation$/,
    );
  },
);
