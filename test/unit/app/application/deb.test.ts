import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { relationsOfDeb } from '../../../../src/app/application/deb.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { makeDeb } from '../../../support/deb.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-own-deb-'));
afterAll(() => rmSync(folder, { recursive: true }));

const specOf = (path: string) =>
  imageSpec.parse({ name: 'own', application: { from: { path }, run: { command: ['/usr/bin/own'] } } });

function write(name: string, deb: Parameters<typeof makeDeb>[0]) {
  writeFileSync(join(folder, name), makeDeb(deb));
  return specOf(name);
}

test('its Depends and Pre-Depends are roots, with alternatives; what it meets itself is none', () => {
  const spec = write('own.deb', {
    name: 'own',
    depends: 'libcurl4 (>= 7), a | b (<< 2), own-data, own (= 1.0)',
    fields: { 'Pre-Depends': 'init-system-helpers', Provides: 'own-data (= 1)' },
  });
  const roots = relationsOfDeb(spec, folder);
  expect(roots.map((it) => it.relation)).toEqual(['init-system-helpers', 'libcurl4 (>= 7)', 'a | b (<< 2)']);
  expect(roots[1]!.why).toEqual({
    kind: 'evidence',
    rule: 'Depends',
    by: 'application.from: own.deb',
    needs: 'libcurl4 (>= 7)',
  });
});

test('one of another architecture is refused', () => {
  const spec = write('arm.deb', { name: 'own', architecture: 'arm64' });
  expect(() => relationsOfDeb(spec, folder)).toThrow(
    expect.objectContaining({ code: 'SPEC_INVALID', message: 'arm.deb is for arm64, and the image for amd64' }),
  );
});

test('one that is no package is refused', () => {
  writeFileSync(join(folder, 'text.deb'), 'a text');
  expect(() => relationsOfDeb(specOf('text.deb'), folder)).toThrow(
    expect.objectContaining({ code: 'PACKAGE_CORRUPT' }),
  );
});

test('a folder has no relations', () => expect(relationsOfDeb(specOf('app'), folder)).toEqual([]));
