import { expect, test } from 'vitest';
import { ownNeedsUnmet } from '../../../../src/app/lock/make-lock.ts';
import { imageSpec } from '../../../../src/model/spec.ts';

const unproven = ['smorest (python-modules, /opt/app/app.py:4)', 'getopt (shell-commands, /usr/bin/x:9)'];

test.each([
  {
    from: { path: 'shop' },
    want: ['smorest (python-modules, /opt/app/app.py:4): put it into shop, or see that it does without'],
  },
  { from: { path: 'shop', into: '/opt/ap' }, want: [] },
  { from: undefined, want: [] },
])('what own files of $from need and nobody has is told', ({ from, want }) => {
  const application = { packages: ['python3'], run: { command: ['/usr/bin/python3'] }, ...(from ? { from } : {}) };
  expect(ownNeedsUnmet(imageSpec.parse({ name: 'x', application }), unproven)).toEqual(want);
});
