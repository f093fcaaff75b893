import { describe, expect, test } from 'vitest';
import {
  fitsRequirement,
  projectRequirements,
  projectScripts,
  requirementsIn,
} from '../../../../src/app/init-spec/language/requirement.ts';

const told = (all: readonly { name: string; versions: string }[]) => all.map((it) => `${it.name}${it.versions}`);

test('requirements.txt: versions, extras, markers, comments, other files', () => {
  const text = [
    'Flask >= 2.0, < 3  # web',
    'uvicorn[standard]==0.17; python_version > "3.8"',
    '',
    '# no',
    '--index-url https://example.org',
    '-r more.txt',
    'git+https://example.org/x.git',
    'local @ file:///x',
    './wheel.whl',
  ].join('\n');
  const more = (path: string) => (path === 'more.txt' ? 'redis\n-r more.txt\n' : undefined);
  expect(new Set(told(requirementsIn(text, more)))).toEqual(new Set(['Flask>=2.0,<3', 'uvicorn==0.17', 'redis']));
});

describe('pyproject.toml', () => {
  const toml = [
    '[project]',
    'name = "shop"',
    'dependencies = [',
    '  "aiohttp>=3.8",',
    "  'jinja2[i18n]',",
    ']',
    '[project.scripts]',
    'shop-web = "shop.cli:main"',
    '[tool.poetry.dependencies]',
    'python = "^3.11"',
    'requests = "^2"',
  ].join('\n');

  test('dependencies of the project, and those of Poetry', () =>
    expect(told(projectRequirements(toml))).toEqual(['aiohttp>=3.8', 'jinja2', 'requests']));
  test('programs', () => expect(projectScripts(toml)).toEqual([{ name: 'shop-web', calls: 'shop.cli:main' }]));
  test('nothing of it', () => expect([projectRequirements(''), projectScripts('')]).toEqual([[], []]));
});

test.each([
  { versions: '', fits: ['1'], not: [] },
  { versions: '>=2,<3', fits: ['2.0', '2.9.9'], not: ['1.9', '3.0'] },
  { versions: '~=3.2', fits: ['3.2', '3.19'], not: ['3.1', '4.0'] },
  { versions: '==2.2.1', fits: ['2.2.1', '2.2.5'], not: ['2.3.0'] },
  { versions: '!=1.5,>1', fits: ['1.6'], not: ['1.5', '1'] },
  { versions: '!=1.5.*', fits: ['1.6'], not: ['1.5.7'] },
])('a version fits $versions', ({ versions, fits, not }) => {
  const asked = { name: 'x', versions };
  expect(fits.filter((it) => !fitsRequirement(it, asked))).toEqual([]);
  expect(not.filter((it) => fitsRequirement(it, asked))).toEqual([]);
});
