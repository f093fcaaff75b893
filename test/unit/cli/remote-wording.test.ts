import { expect, test } from 'vitest';
import { asRemote } from '../../../src/cli/remote/wording.ts';
import { KilnError } from '../../../src/model/error.ts';

test.each([
  {
    summary: 'where nothing is known',
    said: 'no images yet; kiln build PATH makes one from a spec',
    want: 'no images yet; kiln remote add PATH makes one from a spec',
  },
  { summary: 'a list', said: 'see: kiln builds', want: 'see: kiln remote builds' },
  { summary: 'a command of one machine alone', said: 'kiln stop i-1 ends it', want: 'kiln stop i-1 ends it' },
])('a deployment tells people to call what it has: $summary', async ({ said, want }) => {
  expect((await asRemote(Promise.resolve({ data: {}, lines: [said] }))).lines).toEqual([want]);
  const fault = new KilnError('NOT_FOUND', 'no image web', { hint: said });
  await expect(asRemote(Promise.reject(fault))).rejects.toMatchObject({ code: 'NOT_FOUND', hint: want });
});
