import { expect, test } from 'vitest';
import { presolve } from '../../../src/resolver/search/presolve.ts';

/** `a > b c` reads: a asks for b or c; `> a b`: one of them must be in; `a b >`: not both. Letters are numbers in their order. */
function clause(text: string): { negative: number[]; positive: number[] } {
  const [negative = [], positive = []] = text
    .split('>')
    .map((side) => [...side].filter((it) => it !== ' ').map((it) => it.charCodeAt(0) - 97));
  return { negative, positive };
}

const letters = (numbers: readonly number[]): string =>
  numbers
    .map((it) => String.fromCharCode(97 + it))
    .sort()
    .join('');

test.each([
  { summary: 'a cheaper leaf stands in for a dearer one', clauses: ['> a b'], costs: [2, 1], chosen: 'b', left: [] },
  {
    summary: 'of equally cheap ones the name that comes first',
    clauses: ['> a b'],
    costs: [1, 1],
    chosen: 'a',
    left: [],
  },
  {
    summary: 'what only one asks for is one with it',
    clauses: ['> a b', 'a > c', 'b > d'],
    costs: [1, 1, 1, 2],
    chosen: 'ac',
    left: [],
  },
  {
    summary: 'packages that need each other are one',
    clauses: ['> a c', 'a > b', 'b > a', 'c > b'],
    costs: [1, 1, 5],
    chosen: 'ab',
    left: [],
  },
  {
    summary: 'a dearer one that meets more stays open',
    clauses: ['> a b', '> b c'],
    costs: [2, 3, 2],
    chosen: '',
    left: ['a', 'b', 'c'],
  },
  {
    summary: 'one that strikes what the other does not stays open',
    clauses: ['> a b', 'a c >', '> c d', 'b d >'],
    costs: [1, 2, 1, 2],
    chosen: '',
    left: ['a', 'b', 'c', 'd'],
  },
  {
    summary: 'what says no more than another clause is dropped',
    clauses: ['> a b', '> a b c', 'a b >', 'c > d'],
    costs: [1, 2, 9, 9],
    chosen: 'a',
    left: [],
  },
  {
    summary: 'what nothing asks for is out',
    clauses: ['> a', 'b > c', 'c > b'],
    costs: [1, 1, 1],
    chosen: 'a',
    left: [],
  },
])('$summary', ({ clauses, costs, chosen, left }) => {
  const answer = presolve(clauses.map(clause), Float64Array.from(costs))!;
  expect({ chosen: letters(answer.chosen), left: answer.members.map(letters) }).toEqual({ chosen, left });
});

test('clauses that contradict each other leave nothing', () => {
  expect(presolve(['> a', '> b', 'a b >'].map(clause), Float64Array.of(1, 1))).toBeUndefined();
});
