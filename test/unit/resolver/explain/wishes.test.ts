import { expect, test } from 'vitest';
import type { Resolution } from '../../../../src/model/spec.ts';
import { unmetWishes } from '../../../../src/resolver/explain/wishes.ts';
import { resolve } from '../../../../src/resolver/resolve.ts';
import { makeResolution, makeRoots, makeUniverse } from '../../../support/universe.ts';

const universe = makeUniverse({
  app: 'one | two, libx',
  one: '',
  two: 'libx; size 9',
  libx: '',
  postfix: '; provides mta',
});

test.each<{ summary: string; resolution: Partial<Resolution>; want: string[] }>([
  {
    summary: 'nothing is told of wishes that are met',
    resolution: { prefer: ['two'], avoid: ['one'], exclude: ['postfix'] },
    want: [],
  },
  {
    summary: 'an avoided package that everything needs',
    resolution: { avoid: ['libx'] },
    want: ['resolution.avoid: libx is in: no valid set has fewer packages that are to be avoided'],
  },
  {
    summary: 'a preferred package that nothing asks for',
    resolution: { prefer: ['postfix'] },
    want: ['resolution.prefer: postfix is not in: nothing that is in asks for it, or more wishes are met without it'],
  },
  {
    summary: 'a name with a slip in it',
    resolution: { exclude: ['pstfix'] },
    want: ['resolution.exclude: these sources have no pstfix; nearest names: postfix'],
  },
  {
    summary: 'a name that is only provided',
    resolution: { exclude: ['mta'] },
    want: ['resolution.exclude: mta is a virtual package: name those that provide it, postfix'],
  },
])('$summary', ({ resolution, want }) => {
  const stated = makeResolution(resolution);
  const outcome = resolve(universe, { roots: makeRoots(['app']), resolution: stated });
  expect(outcome.kind === 'resolved' && unmetWishes(universe, stated, outcome.packages)).toEqual(want);
});
