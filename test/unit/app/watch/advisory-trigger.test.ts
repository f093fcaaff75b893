import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mendedBySources } from '../../../../src/app/watch/advisory-trigger.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import type { Ports } from '../../../../src/ports/ports.ts';
import { silent } from '../../../../src/ports/progress.ts';
import { makeInputs } from '../../../support/universe.ts';

const spec = imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { command: ['/app'] } } });

function portsOver(packages: Record<string, string>): Pick<Ports, 'source' | 'progress' | 'folders'> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-trigger-'));
  const [{ index, text }] = makeInputs({ bookworm: packages }) as [ReturnType<typeof makeInputs>[number]];
  const path = join(folder, 'Packages');
  writeFileSync(path, text);
  return {
    source: { indexes: async () => [{ ...index, path }] },
    progress: silent,
    folders: { cache: folder },
  } as never;
}

const known = (fixedIn: string, id = 'CVE-2026-1') => ({
  id,
  package: 'libapp',
  source: 'libapp',
  version: '1-1',
  fixedIn,
  severity: 'high',
});

test.each([
  {
    summary: 'the fix is in the sources',
    has: '1-2',
    known: [known('1-2')],
    want: 'the sources mend CVE-2026-1 in libapp',
  },
  {
    summary: 'something newer than the fix is',
    has: '2-1',
    known: [known('1-2')],
    want: 'the sources mend CVE-2026-1 in libapp',
  },
  { summary: 'the fix is not there yet', has: '1-1', known: [known('1-2')], want: undefined },
  { summary: 'nobody has a fix', has: '9-1', known: [known('')], want: undefined },
  { summary: 'nothing is known', has: '9-1', known: [], want: undefined },
  {
    summary: 'many are mended at once',
    has: '1-9',
    known: ['1', '2', '3', '4', '5'].map((it) => known('1-2', `CVE-${it}`)),
    want: 'the sources mend CVE-1 in libapp, CVE-2 in libapp, CVE-3 in libapp and 2 more',
  },
])('$summary', async ({ has, known: vulnerabilities, want }) => {
  const cause = await mendedBySources(portsOver({ [`libapp ${has}`]: '' }), spec, vulnerabilities);
  expect(cause).toEqual(want === undefined ? undefined : { kind: 'advisory', detail: want });
});
