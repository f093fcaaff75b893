import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { checkSource, formatPath } from '../../../src/formats/text/schema-check.ts';
import { definitionOf, schemasAt, unwrapped } from '../../../src/formats/text/schema-words.ts';
import { type Path, parseYamlSource } from '../../../src/formats/text/yaml-source.ts';
import { imageSpec } from '../../../src/model/spec.ts';

// A spec that has every field, so that each can be made wrong in turn.
const whole = {
  specVersion: 1,
  name: 'app',
  description: 'all there is',
  labels: { tier: 'web' },
  owner: 'team@example.com',
  os: {
    family: 'debian',
    release: 'bookworm',
    architecture: 'amd64',
    sources: [
      { uri: 'file:/srv/archive', suites: ['bookworm'], components: ['main'], signedBy: '/k.gpg', priority: 500 },
    ],
  },
  application: {
    packages: ['nginx (>= 1.22)'],
    from: { path: 'app', into: '/opt/app', owner: 'root', group: 'root' },
    files: [{ path: '/etc/x', content: 'x', mode: '0644', owner: 'root', group: 'root' }],
    run: {
      command: ['/bin/app', '-v'],
      user: 'app',
      group: 'app',
      workingDirectory: '/opt/app',
      environment: { LANG: 'C' },
      before: [['/bin/prepare']],
      directories: [{ path: '/run/app', mode: '0755', owner: 'app', group: 'app' }],
    },
    ports: [80],
  },
  resolution: {
    include: ['tzdata'],
    includeFiles: ['/usr/bin/env'],
    exclude: ['perl'],
    prefer: ['mawk'],
    avoid: ['gawk'],
    pin: { nginx: 'release=bookworm' },
    recommends: ['ca-certificates'],
    substitutes: false,
    objective: 'packages',
  },
  boot: {
    init: 'systemd',
    firmware: 'uefi',
    kernel: 'linux-image-amd64',
    commandLine: ['quiet'],
    modules: ['xfs'],
    diskSize: '2GiB',
  },
  minimize: {
    documentation: true,
    locales: ['de'],
    converters: ['ISO8859-1'],
    caches: true,
    keep: ['/usr/share/doc/**'],
    remove: ['/usr/share/icons/**'],
  },
  identities: [{ path: '/etc/key', command: ['/bin/make-key'] }],
  tests: [
    { name: 'page', timeout: '60s', http: { port: 80, path: '/', status: 200, body: 'ok' } },
    { tcp: { port: 80, send: 'hi', expect: 'ho' } },
    { command: { run: ['curl', '{host}'], output: 'x', packages: ['curl'] } },
    { console: { line: 'ready' } },
  ],
  policies: ['baseline'],
  schedule: { cron: '0 3 * * 1', timezone: 'UTC' },
  distribute: { accounts: ['111111111111'], organizationalUnits: ['production'], regions: ['eu-central-1'] },
  lifecycle: { keep: 3, deprecateAfterDays: 10, deregisterAfterDays: 20, quarantineDays: 5 },
  bake: { with: 'image-builder', parent: 'ssm:/golden/base', keep: ['amazon-*'] },
};

function issuesOf(value: unknown): string[] {
  const parsed = parseYamlSource(Buffer.from(stringify(value)));
  if ('issues' in parsed) throw new Error(parsed.issues[0]?.message);
  const checked = checkSource(imageSpec, parsed.source);
  return 'issues' in checked ? checked.issues.map((it) => `${formatPath(it.path)}: ${it.message}`) : [];
}

/** Every place of a value: maps, lists, and what is in them. */
function places(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((it, index) => places(it, [...path, index]))];
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, it]) => places(it, [...path, key]))];
}

/** Something that no schema at the place takes. */
function wrongFor(schemas: readonly z.core.$ZodType[]): unknown {
  const types = schemas.map((it) => definitionOf(it).type);
  return types.includes('number') || types.includes('literal') ? { wrong: true } : 7;
}

function replaced(value: unknown, [segment, ...rest]: Path, by: unknown): unknown {
  if (segment === undefined) return by;
  if (Array.isArray(value)) return value.map((it, index) => (index === segment ? replaced(it, rest, by) : it));
  const map = value as Record<string, unknown>;
  return { ...map, [segment]: replaced(map[segment], rest, by) };
}

/** Fields that the schema has, as paths with `*` for entries of lists and maps. */
function fields(schema: z.core.$ZodType, path: string): string[] {
  const definition = definitionOf(unwrapped(schema));
  if (definition.options) return definition.options.flatMap((it) => fields(it, path));
  if (definition.shape) return Object.entries(definition.shape).flatMap(([key, it]) => fields(it, `${path}.${key}`));
  const child = definition.element ?? definition.valueType;
  return child ? fields(child, `${path}.*`) : [path];
}

test('the spec that has every field is right', () => {
  expect(issuesOf(whole)).toEqual([]);
});

test('it does have every field of the schema', () => {
  const had = places(whole).map((path) => path.map((it) => `.${typeof it === 'number' ? '*' : it}`).join(''));
  const maps = new Set(['.labels.tier', '.application.run.environment.LANG', '.resolution.pin.nginx']);
  const generalised = new Set(had.map((it) => (maps.has(it) ? it.replace(/[^.]+$/, '*') : it)));
  // The other half of an either-or.
  const alternatives = [
    '.application.files.*.source',
    '.application.run.unit',
    '.identities.*.remove',
    '.schedule.every',
  ];
  const missing = [...new Set(fields(imageSpec, ''))].filter(
    (it) => !generalised.has(it) && !alternatives.includes(it),
  );
  expect(missing).toEqual([]);
});

const rows = places(whole).map((path) => ({ path, summary: formatPath(path) || 'the whole spec' }));

test.each(rows)('a wrong type is reported at its place: $summary', ({ path }) => {
  const [first] = issuesOf(replaced(whole, path, wrongFor(schemasAt(imageSpec, path))));
  expect(first).toContain(`${formatPath(path)}: `);
  expect(first).toMatch(/expected .+/);
});
