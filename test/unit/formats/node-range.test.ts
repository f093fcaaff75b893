import { expect, test } from 'vitest';
import { isInNodeRange } from '../../../src/formats/language/node-range.ts';

test.each([
  { range: '>=18', holds: ['18.0.0', '20.1.0'], fails: ['16.20.2'] },
  { range: '>= 18.17 < 21', holds: ['18.17.0', '20.99.1'], fails: ['18.16.9', '21.0.0'] },
  { range: '^18.20.0 || >=22', holds: ['18.20.4', '22.0.0'], fails: ['18.19.0', '20.0.0'] },
  { range: '18.x', holds: ['18.20.4'], fails: ['19.0.0'] },
  { range: '18 - 20', holds: ['18.0.0', '20.11.0'], fails: ['21.0.0'] },
  { range: '~18.20.1', holds: ['18.20.4'], fails: ['18.21.0'] },
  { range: '>18', holds: ['19.0.0'], fails: ['18.20.4'] },
  { range: '<=18', holds: ['18.20.4'], fails: ['19.0.0'] },
  { range: '^0.10.3', holds: ['0.10.9'], fails: ['0.11.0'] },
  { range: '*', holds: ['1.0.0'], fails: [] },
  { range: '', holds: ['1.0.0'], fails: [] },
  { range: 'lts/hydrogen', holds: ['1.0.0'], fails: [] },
])('$range', ({ range, holds, fails }) => {
  expect(holds.filter((it) => !isInNodeRange(it, range))).toEqual([]);
  expect(fails.filter((it) => isInNodeRange(it, range))).toEqual([]);
});
