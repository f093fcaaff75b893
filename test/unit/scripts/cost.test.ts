import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withTables } from '../../../scripts/cost.mjs';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

test('the tables of docs/cost.md are those of its inputs', () => {
  expect(withTables(read('cost.md'), JSON.parse(read('cost-inputs.json')))).toBe(read('cost.md'));
});

test('a changed price changes its line and the sum', () => {
  const inputs = { build: [{ what: 'CodeBuild', unit: 'minute', price: 2, amount: 3 }] };
  const page = withTables('before\n<!-- build -->\nold\n<!-- end -->\nafter\n', inputs);
  expect(page).toMatch(/CodeBuild \| 2 per minute \| 3 \| 6 \|\n\| \*\*together\*\* \| \| \| \*\*6\*\*/);
  expect(page).toMatch(/^before\n/);
  expect(page).toMatch(/\nafter\n$/);
});
