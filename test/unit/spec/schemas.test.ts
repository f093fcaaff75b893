import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withReference } from '../../../src/app/reference/render-reference.ts';
import { renderSchemas } from '../../../src/app/reference/render-schemas.ts';

test.each([...renderSchemas()].map(([path, text]) => ({ path, text })))(
  '$path is what npm run schema writes',
  ({ path, text }) => {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text);
  },
);

test('the reference in docs/specs.md is what npm run schema writes', () => {
  const document = readFileSync(new URL('../../../docs/specs.md', import.meta.url), 'utf8');
  expect(document).toBe(withReference(document));
});
