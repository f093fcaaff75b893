import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtInPack } from '../../../src/validator/compile-policy.ts';
import { validate } from '../../../src/validator/validate.ts';
import { makeElf } from '../../support/make-elf.ts';
import { imageWith, SHIPPED } from './healthy-image.ts';

const READ = [
  '/etc/passwd', '/etc/group', '/etc/shadow', '/etc/shells', '/etc/nsswitch.conf', '/etc/ld.so.cache', '/etc/fstab', '/etc/sysctl.conf',
  '/etc/ssh/sshd_config', '/etc/pam.d/login', '/etc/nginx/nginx.conf', '/etc/machine-id', '/usr/lib/systemd/system/app.service',
  '/etc/systemd/system/app.service.d/x.conf', '/usr/lib/tmpfiles.d/app.conf', '/var/lib/dpkg/status.d/app', '/usr/share/doc/app/copyright',
  '/usr/sbin/app', '/usr/bin/app-tool', '/usr/lib/x86_64-linux-gnu/libc.so.6', '/root/.pgpass', '/srv/key.der',
]; // biome-ignore format: a list

const packs = ['runs', 'baseline', 'cis-debian12', 'sensitive-data'].map(builtInPack);
const elf = makeElf({
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libc.so.6'],
  imports: ['open@GLIBC_2.34'],
  exports: ['a@A_1'],
});

/** Noise, noise with a meaning (fields, headers, key material), and damaged ELF files. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        'a',
        ':',
        '::',
        '\n',
        '0',
        '-1',
        '[Service]',
        'ExecStart=',
        '%',
        '@',
        '\\',
        '#!',
        '/bin/sh',
        'Include *',
        'Depends: (',
        'Package:',
        'Match',
        '=',
        ' ',
        '\0',
        'glibc-ld.so.cache1.1',
        '-----BEGIN PRIVATE KEY-----\n',
        '99999999999999999999',
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join(''))),
  fc.tuple(fc.nat(elf.length - 1), fc.nat(255), fc.nat(elf.length)).map(([at, byte, end]) => {
    const damaged = Buffer.from(elf);
    damaged[at] = byte;
    return damaged.subarray(0, Math.max(end, 1));
  }),
  fc.constant({ target: '/etc/passwd/../loop' }),
);

test('whatever a tree holds, it is judged and nothing is thrown', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...READ), content, { maxKeys: 6 }),
      fc.constantFrom('busybox', 'systemd'),
      (files, init) => {
        const changed = Object.fromEntries(
          Object.entries(files).map(([path, it]) => [
            path,
            it instanceof Uint8Array ? { content: it, mode: 0o755 } : it,
          ]),
        );
        const { verdicts } = validate({
          ...imageWith({ files: changed, spec: { boot: { init } }, application: { ports: [80] } }),
          packs,
        });
        expect(
          verdicts.flatMap((it) => it.findings).every((it) => !it.message.includes('could not be evaluated')),
        ).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test('links that lead in a circle, out of the tree or to a folder are no files', () => {
  const files = {
    '/usr/lib/systemd/system/app.service': { target: 'app.service' },
    '/etc/passwd': { target: '../../../../etc' },
    '/etc/shadow': { target: '/nowhere' },
    '/usr/sbin/app': { target: '/usr/bin' },
  };
  expect(validate({ ...imageWith({ files }), packs }).passed).toBe(false);
});

test('an image of nothing is refused, and not as a fault', () => {
  const all = Object.values(SHIPPED).flatMap((it) => Object.keys(it));
  const files = Object.fromEntries(
    [...all, '/etc/passwd', '/etc/group', '/etc/shadow', '/etc/nsswitch.conf'].map((path) => [path, null]),
  );
  expect(validate({ ...imageWith({ files }), packs }).passed).toBe(false);
});
