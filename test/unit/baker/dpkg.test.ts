import { expect, test } from 'vitest';
import { failure } from '../../../src/baker/stage/dpkg.ts';
import type { LockedControl } from '../../../src/baker/stage/locked-set.ts';
import { phasesOf } from '../../../src/baker/stage/phases.ts';

const output = (...lines: string[]) => ({ exitStatus: 1, stdout: lines.join('\n'), stderr: '' });

test.each([
  {
    summary: 'names the package and what its script said',
    result: output(
      'Setting up libx (1) ...',
      'Setting up app (2) ...',
      'no such thing',
      'dpkg: error processing package app (--configure):',
      ' installed app package post-installation script subprocess returned error exit status 1',
      'Errors were encountered while processing:',
      ' app',
    ),
    code: 'CONFIGURE_FAILED',
    message:
      'app could not be configured: installed app package post-installation script subprocess returned error exit status 1\n  | no such thing',
  },
  {
    summary: 'passes over those that only depend on it',
    result: output(
      'dpkg: error processing package app (--configure):',
      ' dependency problems - leaving unconfigured',
      'Setting up lib:amd64 (2) ...',
      'dpkg: error processing package lib:amd64 (--configure):',
      ' subprocess returned error exit status 9',
    ),
    code: 'CONFIGURE_FAILED',
    message: 'lib:amd64 could not be configured: subprocess returned error exit status 9',
  },
  {
    summary: 'names an archive by its package',
    result: output(
      'dpkg: error processing archive /run/kiln/debs/app.deb (--unpack):',
      ' trying to overwrite "/usr/bin/x", which is also in package other 1',
    ),
    code: 'CONFIGURE_FAILED',
    message: 'app could not be unpacked: trying to overwrite "/usr/bin/x", which is also in package other 1',
  },
  {
    summary: 'knows a full disk',
    result: output(
      'dpkg: error processing archive /run/kiln/debs/app.deb (--unpack):',
      ' cannot copy extracted data: failed to write (No space left on device)',
    ),
    code: 'NO_SPACE',
    message: 'no space left on the disk while unpacking or configuring app',
  },
])('$summary', ({ result, code, message }) => {
  expect(failure(result)).toMatchObject({ code, message });
});

test.each([
  {
    summary: 'all at once when nothing is pre-depended on, what is needed first',
    packages: { a: 'c', b: 'a', c: 'b', d: 'e', e: '' },
    want: [['b', 'c', 'a', 'e', 'd']],
  },
  { summary: 'what is pre-depended on first', packages: { a: '!b', b: '' }, want: [['b'], ['a']] },
  {
    summary: 'with all that it depends on',
    packages: { a: '!b', b: 'c', c: '', d: 'a' },
    want: [
      ['c', 'b'],
      ['a', 'd'],
    ],
  },
  { summary: 'in as many phases as it takes', packages: { a: '!b', b: '!c', c: '' }, want: [['c'], ['b'], ['a']] },
  { summary: 'nothing for nothing', packages: {}, want: [] },
  { summary: 'what is in the base does not count', packages: { a: '!base' }, want: [['a']] },
])('phases: $summary', ({ packages, want }) => {
  const added = Object.entries(packages as Record<string, string>).map(([name, relations]) => {
    const names = relations.split(' ').filter(Boolean);
    const depends = names.filter((it) => !it.startsWith('!'));
    const preDepends = names.filter((it) => it.startsWith('!')).map((it) => it.slice(1));
    return { deb: { name }, depends, preDepends } as unknown as LockedControl;
  });
  expect(phasesOf(added).map((phase) => phase.map((it) => it.deb.name))).toEqual(want);
});

test('phases: a cycle through a Pre-Depends ends, with every package once', () => {
  const cycle = ['a', 'b'].map(
    (name) => ({ deb: { name }, depends: [], preDepends: [name === 'a' ? 'b' : 'a'] }) as unknown as LockedControl,
  );
  expect(
    phasesOf(cycle)
      .flat()
      .map((it) => it.deb.name)
      .toSorted(),
  ).toEqual(['a', 'b']);
});
