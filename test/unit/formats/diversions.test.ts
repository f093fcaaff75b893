import { expect, test } from 'vitest';
import { diversionsIn, withDiverted } from '../../../src/formats/debian/diversions.ts';
import { memoryTree } from '../../../src/formats/tree/memory-tree.ts';

test.each([
  {
    summary: 'to a place of its own, over several lines',
    script: 'dpkg-divert --add --package p --rename \\\n  --divert /usr/bin/a.bundled /bin/a\n',
    want: [{ from: '/usr/bin/a', to: '/usr/bin/a.bundled' }],
  },
  {
    summary: 'without a place',
    script: 'dpkg-divert --add --rename /usr/bin/a || true',
    want: [{ from: '/usr/bin/a', to: '/usr/bin/a.distrib' }],
  },
  { summary: 'taken back, or asked for', script: 'dpkg-divert --remove /a/b\ndpkg-divert --list /a/b\n', want: [] },
  { summary: 'by a variable', script: 'dpkg-divert --add "$file"\n', want: [] },
])('$summary', ({ script, want }) => expect(diversionsIn(script)).toEqual(want));

test('a diverted file is found at both places, with its content', () => {
  const tree = memoryTree({ '/usr/bin/a': 'text', '/usr/bin/b': '' }, { package: 'p' });
  const moved = withDiverted(tree, [{ from: '/usr/bin/a', to: '/usr/bin/a.bundled' }]);
  expect(moved.read('/usr/bin/a.bundled').toString()).toBe('text');
  expect([...moved.entries()].map((it) => it.path)).toEqual(
    expect.arrayContaining(['/usr/bin/a', '/usr/bin/a.bundled']),
  );
  expect(moved.lookup('/usr/bin/a.bundled')?.package).toBe('p');
});
