import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderRules } from '../../../src/validator/render-rules.ts';
import { builtInRules } from '../../../src/validator/rules/index.ts';

test('RULES.md is what the rules say (renewed by npm run rules)', () => {
  expect(readFileSync(new URL('../../../RULES.md', import.meta.url), 'utf8')).toBe(renderRules());
});

test('every rule has a file of its name', () => {
  for (const { id } of builtInRules) {
    const text = readFileSync(new URL(`../../../src/validator/rules/${id}.ts`, import.meta.url), 'utf8');
    expect(text).toContain(`id: '${id}'`);
  }
});
