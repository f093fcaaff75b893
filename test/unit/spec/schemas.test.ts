import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderSchemas } from '../../../src/app/render-schemas.ts';

test.each([...renderSchemas()].map(([path, text]) => ({ path, text })))(
  '$path is what npm run schema writes',
  ({ path, text }) => {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text);
  },
);
