import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cachedAdvisorySource } from '../../../src/adapters/local/cached-advisory-source.ts';
import { sha256 } from '../../../src/model/canonical.ts';

describe('advisories at a URL', () => {
  const asked: string[] = [];
  let state = { body: 'one', status: 200 };
  const server = createServer((request, response) => {
    asked.push(String(request.headers['if-none-match'] ?? 'all of it'));
    const etag = `"${sha256(state.body).slice(0, 8)}"`;
    const fresh = request.headers['if-none-match'] === etag;
    response.writeHead(state.status === 200 && fresh ? 304 : state.status, { etag });
    response.end(fresh ? undefined : state.body);
  });
  let url = '';
  let folder = '';
  beforeEach(async () => {
    state = { body: 'one', status: 200 };
    asked.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'kiln-advisories-'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/known.json`;
  });
  afterEach(() => new Promise((done) => void server.close(done)));

  const open = () => cachedAdvisorySource({ cache: folder }).open({ url });

  test('are fetched when they changed, and else only asked for', async () => {
    const first = await open();
    expect((await first.bytes()).toString()).toBe('one');
    expect((await open()).digest).toBe(first.digest);
    state.body = 'two';
    expect((await (await open()).bytes()).toString()).toBe('two');
    expect(asked.map((it) => it === 'all of it')).toEqual([true, false, false]);
  });

  test.each([{ status: 503 }, { status: 404 }])(
    'with status $status they are what they were, and it is told',
    async ({ status }) => {
      const { digest } = await open();
      Object.assign(state, { body: 'gone', status });
      const now = await open();
      expect(now.digest).toBe(digest);
      expect(now.stale).toMatch(/known\.json/);
    },
  );

  test('that were never there are a fault', async () => {
    state.status = 404;
    await expect(open()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    state.status = 500;
    await expect(open()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});

test('bytes that are not the ones that the policy states are refused', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'kiln-advisories-')), 'known.json');
  writeFileSync(file, '{}');
  const source = cachedAdvisorySource({ cache: tmpdir() });
  expect((await source.open({ file, sha256: sha256('{}') })).digest).toBe(sha256('{}'));
  await expect(source.open({ file, sha256: sha256('other') })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  await expect(source.open({ file: `${file}.not` })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
