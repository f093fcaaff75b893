import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const script = new URL('../../../src/baker/runtime/image/first-boot.sh', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'kiln-first-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that appends to its two files, as openssl does where they are one. */
const PROGRAM =
  'openssl() { while [ $# -gt 0 ]; do case $1 in -keyout) echo key >>"$2" ;; -out) echo certificate >>"$2" ;; esac; shift; done; }';

test.each([
  { summary: 'two files', key: 'two.key', certificate: 'two.pem', want: ['key\n', 'certificate\n'] },
  { summary: 'one file', key: 'one.pem', certificate: 'one.pem', want: ['key\ncertificate\n'] },
])('a key and its certificate are made in $summary', ({ key, certificate, want }) => {
  const functions = ['give_up', 'place', 'tls_key_pair'].map((it) => `/^${it}()/,/^}/p`).join(';');
  const { uid, gid } = statSync(folder);
  const place = (file: string) => `${join(folder, file)} 0640 ${uid} ${gid}`;
  const text = `
    eval "$(sed -n '${functions}' ${script} | sed 's#/run/kiln/#${folder}/#')"
    ${PROGRAM}
    tls_key_pair rsa:2048 /CN=x '' 9 ${place(key)} ${place(certificate)}
    echo "failed=$failed"`;
  expect(execFileSync('sh', ['-c', text], { encoding: 'utf8' })).toBe('failed=\n');
  expect([...new Set([key, certificate])].map((it) => readFileSync(join(folder, it), 'utf8'))).toEqual(want);
  expect(statSync(join(folder, key)).mode & 0o777).toBe(0o640);
});
