import { expect, test } from 'vitest';
import { flattenCosts } from '../../../src/resolver/search/objective.ts';

test('flat costs compare as their levels do', () => {
  const levels = [
    [0, 5, 1],
    [0, 4, 1],
    [1, 0, 1],
    [0, 9, 1],
  ];
  const { costs, exact } = flattenCosts(levels, 3);
  expect(exact).toBe(true);
  const sums = Array.from({ length: 16 }, (_, mask) => levels.map((_, i) => ((mask >> i) & 1 ? 1 : 0)));
  const flat = (chosen: number[]): number => chosen.reduce((sum, it, i) => sum + it * costs[i]!, 0);
  const vector = (chosen: number[]): string =>
    [0, 1, 2]
      .map((level) => String(chosen.reduce((sum, it, i) => sum + it * levels[i]![level]!, 0)).padStart(4))
      .join();
  const order = (key: (chosen: number[]) => string | number) =>
    [...sums].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(vector);
  expect(order(flat)).toEqual(order(vector));
});

test('levels that do not fit are left out from the last on, and it says so', () => {
  const { costs, exact } = flattenCosts(
    [
      [1, 2 ** 40, 2 ** 40],
      [1, 0, 5],
    ],
    3,
  );
  expect(exact).toBe(false);
  expect(costs[0]).toBeGreaterThan(costs[1]!);
});

test('bounds in whole parts of the costs stay exact', () => {
  const { costs, scale } = flattenCosts(
    [
      [2 ** 30, 1],
      [2 ** 10, 1],
    ],
    2,
  );
  expect(Number.isSafeInteger((costs[0]! + costs[1]!) * scale)).toBe(true);
});
