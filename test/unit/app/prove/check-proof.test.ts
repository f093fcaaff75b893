import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { checkProofDocument } from '../../../../src/app/prove/check-proof.ts';
import { type ProofDocument, readProof } from '../../../../src/app/prove/proof-document.ts';
import { closureRequest, resolveClosureOf, specOfPackages } from '../../../../src/app/prove/resolve-spec.ts';
import { sha256 } from '../../../../src/model/canonical.ts';
import { silent } from '../../../../src/ports/progress.ts';
import { makeIndex, packagesText } from '../../../support/universe.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-proof-'));
const file = join(folder, 'proof.json');
const spec = specOfPackages(['aa', 'zz']);

/** A machine that has an archive; the proof's part pp, qq, rr needs a branch. */
function machine(more = '') {
  const triangle = { aa: 'pp | qq, qq | rr, pp | rr', pp: '; size 2', qq: '; size 2', rr: '; size 2' };
  const line = { ...triangle, zz: `xx | yy${more}`, xx: '', yy: '' };
  const text = packagesText(line);
  const path = join(folder, `Packages${more.length}`);
  writeFileSync(path, text);
  const index = { ...makeIndex('bookworm'), path, sha256: sha256(text) };
  return { source: { indexes: async () => [index] }, progress: silent, folders: { cache: join(folder, 'cache') } };
}

const ports = machine() as never;
let proof: ProofDocument;
beforeAll(async () => {
  await resolveClosureOf(ports, spec, { proofPath: file });
  proof = await readProof(file);
});

test('a proof that resolve wrote holds, also for the spec that it is of', async () => {
  expect(await checkProofDocument(ports, proof)).toEqual({ kind: 'proven' });
  expect(await checkProofDocument(ports, proof, closureRequest(spec, {}))).toEqual({ kind: 'proven' });
});

test.each<{ summary: string; change: (it: ProofDocument) => ProofDocument; reason: RegExp }>([
  {
    summary: 'another version',
    change: (it) => ({ ...it, packages: it.packages.map((own) => ({ ...own, version: '9' })) }),
    reason: /9 is not the candidate/,
  },
  {
    summary: 'a package left out',
    change: (it) => ({ ...it, packages: it.packages.filter((own) => own.name !== 'pp') }),
    reason: /breaks|must be otherwise/,
  },
  {
    summary: 'a larger set',
    change: (it) => ({ ...it, packages: [...it.packages, { name: 'rr', version: '1' }] }),
    reason: /open|must be otherwise/,
  },
  { summary: 'a log cut off', change: (it) => ({ ...it, log: { ...it.log, components: [] } }), reason: /digest/ },
  { summary: 'other roots', change: (it) => ({ ...it, roots: ['zz'] }), reason: /nothing leads to it|not about|parts/ },
])('a proof with $summary is rejected', async ({ change, reason }) => {
  const outcome = await checkProofDocument(ports, change(proof));
  expect(outcome).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(reason) });
});

test('a proof of another spec is rejected', async () => {
  const other = closureRequest(specOfPackages(['aa']), {});
  expect(await checkProofDocument(ports, proof, other)).toMatchObject({ reason: expect.stringContaining('about zz') });
});

test('weights are part of what is proven', async () => {
  const heavy = { ...proof, resolution: { ...proof.resolution, objective: 'vulnerabilities' as const } };
  expect(await checkProofDocument(ports, { ...heavy, weights: { 'pp@1': 5 } })).toMatchObject({ kind: 'rejected' });
});

test('indexes that changed since are a fault that says which were meant', async () => {
  const later = machine(', pp') as never;
  await expect(checkProofDocument(later, proof)).resolves.toEqual({ kind: 'proven' });
  writeFileSync(join(folder, 'Packages0'), 'Package: tampered\n');
  await expect(checkProofDocument(later, proof)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each([
  { summary: 'no JSON', text: '{' },
  { summary: 'something else', text: '{"packages": []}' },
  {
    summary: 'an old kind of log',
    text: () => readFileSync(file, 'utf8').replace('"proofVersion":1', '"proofVersion":0'),
  },
])('$summary is not a proof', async ({ text }) => {
  const path = join(folder, 'other.json');
  writeFileSync(path, typeof text === 'string' ? text : text());
  await expect(readProof(path)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
});
