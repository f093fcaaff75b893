import { describe, expect, test } from 'vitest';
import type { StagedEntry } from '../../../src/baker/prune/prune-rule.ts';
import { pruneRules } from '../../../src/baker/prune/prune-rules.ts';
import { globMatcher } from '../../../src/baker/tree/glob.ts';
import { imageSpec } from '../../../src/model/spec.ts';

function ruleFor(entry: Partial<StagedEntry> & { path: string }, minimize = {}, init = 'busybox'): string | undefined {
  const run = { command: ['/usr/bin/app'] };
  const spec = imageSpec.parse({ name: 'app', application: { packages: ['app'], run }, minimize, boot: { init } });
  const full: StagedEntry = { type: 'file', owner: 'shipped', inShippedFolder: false, ...entry };
  return pruneRules(spec).find((rule) => rule.removes(full))?.id;
}

const gconv = '/usr/lib/x86_64-linux-gnu/gconv';

test.each([
  { summary: 'a program that ships', entry: { path: '/usr/bin/app' }, want: undefined },
  { summary: 'a program that does not', entry: { path: '/usr/bin/ls', owner: 'excluded' }, want: 'other-packages' },
  { summary: 'a manual', entry: { path: '/usr/share/man/man1/app.1.gz' }, want: 'documentation' },
  {
    summary: 'a manual at a place of its own',
    entry: { path: '/usr/share/pg/15/man/man7/ABORT.7.gz' },
    want: 'documentation',
  },
  {
    summary: 'a manual, when asked for',
    entry: { path: '/usr/share/man/man1/app.1.gz' },
    minimize: { documentation: false },
    want: undefined,
  },
  { summary: 'a copyright file', entry: { path: '/usr/share/doc/app/copyright' }, want: undefined },
  {
    summary: 'a link to another package’s documents',
    entry: { path: '/usr/share/doc/app', type: 'symlink' },
    want: undefined,
  },
  { summary: 'a completion', entry: { path: '/usr/share/bash-completion/completions/app' }, want: 'interactive-aids' },
  { summary: 'a catalogue', entry: { path: '/usr/share/locale/de_AT/LC_MESSAGES/app.mo' }, want: 'locales' },
  {
    summary: 'a catalogue of a language that is kept',
    entry: { path: '/usr/share/locale/de/LC_MESSAGES/app.mo' },
    minimize: { locales: ['de_AT.UTF-8'] },
    want: undefined,
  },
  {
    summary: 'a catalogue with a modifier',
    entry: { path: '/usr/share/locale/sr@latin/LC_MESSAGES/app.mo' },
    minimize: { locales: ['de'] },
    want: 'locales',
  },
  { summary: 'C.UTF-8', entry: { path: '/usr/lib/locale/C.utf8/LC_CTYPE' }, want: undefined },
  { summary: 'a converter', entry: { path: `${gconv}/ISO8859-1.so` }, want: 'converters' },
  {
    summary: 'a converter that is kept',
    entry: { path: `${gconv}/ISO8859-1.so` },
    minimize: { converters: ['ISO8859-1'] },
    want: undefined,
  },
  {
    summary: 'the list of converters, with one kept',
    entry: { path: `${gconv}/gconv-modules` },
    minimize: { converters: ['ISO8859-1'] },
    want: undefined,
  },
  { summary: 'a log of the configuration', entry: { path: '/var/log/app/setup.log', owner: 'made' }, want: 'logs' },
  { summary: 'a folder for logs', entry: { path: '/var/log/app', owner: 'made', type: 'directory' }, want: undefined },
  { summary: 'a cache', entry: { path: '/var/cache/app/x', owner: 'made' }, want: 'caches' },
  {
    summary: 'a cache, when asked for',
    entry: { path: '/var/cache/app/x', owner: 'made' },
    minimize: { caches: false },
    want: undefined,
  },
  { summary: 'a cache that a package ships', entry: { path: '/var/cache/app/x' }, want: undefined },
  { summary: 'dpkg’s lists', entry: { path: '/var/lib/dpkg/info/app.list', owner: 'made' }, want: 'package-state' },
  { summary: 'the state of an application', entry: { path: '/var/lib/app/state', owner: 'made' }, want: undefined },
  { summary: 'a second copy', entry: { path: '/etc/shadow-', owner: 'made' }, want: 'backups' },
  { summary: 'an old configuration', entry: { path: '/etc/app/app.conf.dpkg-old', owner: 'made' }, want: 'backups' },
  {
    summary: 'a start link',
    entry: { path: '/etc/rc2.d/S01app', owner: 'made', type: 'symlink' },
    want: 'start-links',
  },
  {
    summary: 'an enabled unit under systemd',
    entry: { path: '/etc/systemd/system/multi-user.target.wants/app.service', owner: 'made', type: 'symlink' },
    init: 'systemd',
    want: undefined,
  },
  {
    summary: 'what Essential packages made',
    entry: { path: '/etc/shells', owner: 'made-by-base' },
    want: 'made-by-other-packages',
  },
  {
    summary: 'what they made beside a file that ships',
    entry: { path: '/etc/pam.d/common-auth', owner: 'made-by-base', inShippedFolder: true },
    want: undefined,
  },
  {
    summary: 'what they made in a folder that all share',
    entry: { path: '/etc/profile', owner: 'made-by-base', inShippedFolder: true },
    want: 'made-by-other-packages',
  },
  { summary: 'what lies in /run', entry: { path: '/run/app.pid', owner: 'made' }, want: 'runtime-folders' },
  {
    summary: 'what the spec names',
    entry: { path: '/usr/share/app/samples/a/b' },
    minimize: { remove: ['/usr/share/*/samples'] },
    want: 'asked',
  },
] as const)('$summary: $want', ({ entry, want, ...row }) => {
  const { minimize = {}, init } = row as { minimize?: object; init?: string };
  expect(ruleFor(entry, minimize, init)).toBe(want);
});

describe('a glob', () => {
  test.each([
    { pattern: '/usr/share/*', path: '/usr/share/doc', want: true },
    { pattern: '/usr/share/*', path: '/usr/share/doc/app/copyright', want: true },
    { pattern: '/usr/share/*.txt', path: '/usr/share/a/b.txt', want: false },
    { pattern: '/usr/**/*.txt', path: '/usr/share/a/b.txt', want: true },
    { pattern: '/usr/**/*.txt', path: '/usr/b.txt', want: true },
    { pattern: '/usr/lib/app/', path: '/usr/lib/app/x', want: true },
    { pattern: '/usr/lib/app', path: '/usr/lib/apple', want: false },
    { pattern: '/usr/lib/lib?.so', path: '/usr/lib/liba.so', want: true },
    { pattern: '/usr/lib/a+b(c).so', path: '/usr/lib/a+b(c).so', want: true },
  ])('$pattern, $path: $want', ({ pattern, path, want }) => {
    expect(globMatcher(pattern)(path)).toBe(want);
  });
});
