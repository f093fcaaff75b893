import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findIdentities } from '../../../src/baker/identity/identities.ts';
import { type MemoryFile, memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import type { IdentityRule } from '../../../src/model/spec.ts';
import { makeCertificate, makeKeyPair } from '../../support/certificate.ts';

const { key, certificate, publicKey } = makeKeyPair();
const other = makeKeyPair('other');
const accounts = { '/etc/passwd': 'root:x:0:0::/root:\n', '/etc/group': 'root:x:0:\nssl-cert:x:101:\n' };

function find(files: Record<string, MemoryFile>, identities: IdentityRule[] = [], made = Object.keys(files)) {
  return findIdentities(memoryTree({ ...accounts, ...files }), made, { identities });
}

const root = { uid: 0, gid: 0, owner: 'root', group: 'root' };
/** `ssh-rsa` with a modulus of 3072 bits. */
const rsa = Buffer.concat(
  ['ssh-rsa', '\x01\x00\x01', `\0${'\xff'.repeat(384)}`].map((field) => {
    const bytes = Buffer.from(field, 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  }),
).toString('base64');

describe('what differs from machine to machine is found', () => {
  test('a machine id, with the copy that D-Bus has', () => {
    expect(find({ '/etc/machine-id': 'abc\n', '/var/lib/dbus/machine-id': 'abc\n' })).toEqual({
      identities: [
        {
          kind: 'machine-id',
          files: [
            { path: '/etc/machine-id', mode: 0o644, ...root },
            { path: '/var/lib/dbus/machine-id', mode: 0o644, ...root },
          ],
        },
      ],
      remove: ['/etc/machine-id', '/var/lib/dbus/machine-id'],
    });
  });

  test('a link to the machine id may stay', () => {
    const files = { '/etc/machine-id': 'abc\n', '/var/lib/dbus/machine-id': { target: '/etc/machine-id' } };
    expect(find(files).remove).toEqual(['/etc/machine-id']);
  });

  test('a seed', () => {
    expect(find({ '/var/lib/systemd/random-seed': { content: 'x'.repeat(512), mode: 0o600 } })).toEqual({
      identities: [
        { kind: 'random-seed', file: { path: '/var/lib/systemd/random-seed', mode: 0o600, ...root }, bytes: 512 },
      ],
      remove: ['/var/lib/systemd/random-seed'],
    });
  });

  test('SSH host keys, whatever their format', () => {
    const armour = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n';
    const found = find({
      '/etc/ssh/ssh_host_rsa_key': { content: armour, mode: 0o600 },
      '/etc/ssh/ssh_host_rsa_key.pub': `ssh-rsa ${rsa} root@localhost\n`,
    });
    expect(found).toEqual({
      identities: [
        {
          kind: 'ssh-host-keys',
          keys: [{ path: '/etc/ssh/ssh_host_rsa_key', mode: 0o600, ...root, algorithm: 'rsa', bits: 3072 }],
        },
      ],
      remove: ['/etc/ssh/ssh_host_rsa_key', '/etc/ssh/ssh_host_rsa_key.pub'],
    });
  });

  test('a key with its self-signed certificate and the links by its hash', () => {
    const found = find({
      '/etc/ssl/private/server.key': { content: key, mode: 0o640, gid: 101 },
      '/etc/ssl/certs/server.pem': certificate,
      '/etc/ssl/certs/0a1b2c3d.0': { target: 'server.pem' },
      '/etc/ssl/certs/ffffffff.0': { target: 'other.pem' },
      '/etc/ssl/certs/other.pem': other.certificate,
    });
    expect(found).toEqual({
      identities: [
        {
          kind: 'tls-key-pair',
          key: {
            path: '/etc/ssl/private/server.key',
            mode: 0o640,
            ...root,
            gid: 101,
            group: 'ssl-cert',
            algorithm: 'rsa',
            bits: 2048,
          },
          certificate: {
            path: '/etc/ssl/certs/server.pem',
            mode: 0o644,
            ...root,
            subject: '/CN=localhost',
            alternativeNames: ['DNS:localhost'],
            days: 3650,
          },
          hashLinks: ['/etc/ssl/certs/0a1b2c3d.0'],
        },
      ],
      remove: ['/etc/ssl/certs/0a1b2c3d.0', '/etc/ssl/certs/server.pem', '/etc/ssl/private/server.key'],
    });
  });
});

describe('what Kiln cannot make again is refused', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString();
  const rows: { summary: string; files: Record<string, string> }[] = [
    { summary: 'a key without a certificate', files: { '/etc/app/key': ec } },
    {
      summary: 'a key whose certificate is of another',
      files: { '/etc/app/key': key, '/etc/app/cert': other.certificate },
    },
    {
      summary: 'a key whose certificate somebody else signed',
      files: {
        '/etc/app/key': key,
        '/etc/app/cert': makeCertificate('localhost', publicKey, other.privateKey, 'authority'),
      },
    },
    {
      summary: 'an encrypted key',
      files: { '/etc/app/key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMI==\n-----END ENCRYPTED PRIVATE KEY-----\n' },
    },
    {
      summary: 'an OpenPGP key',
      files: { '/etc/app/key': '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY BLOCK-----\n' },
    },
  ];
  test.each(rows)('$summary', ({ files }) => {
    expect(() => find(files)).toThrow(
      expect.objectContaining({ code: 'REFUSED', message: expect.stringContaining('/etc/app/key') }),
    );
  });
});

test.each([
  {
    summary: 'a list of what files begin with',
    content: '>0=\0\x25-----BEGIN PGP PRIVATE KEY BLOCK-----\n[50:x]\n',
  },
  {
    summary: 'a compiled program that reads keys',
    content: '\xe3s\x23-----BEGIN OPENSSH PRIVATE KEY-----s\x21-----END OPENSSH PRIVATE KEY-----\x29',
  },
  { summary: 'its source', content: 'A = "-----BEGIN PRIVATE KEY-----"\nB = "-----END PRIVATE KEY-----"\n' },
])('what only knows how keys begin is none: $summary', ({ content }) => {
  expect(find({ '/usr/lib/app/known': content }).identities).toEqual([]);
});

test('a key in a string of JSON is one', () => {
  const content = JSON.stringify({ key });
  expect(() => find({ '/etc/app.json': content })).toThrow('/etc/app.json');
});

test('a key whose certificate was signed with another key that is there is made after it', () => {
  const { identities, remove } = find({
    '/etc/app/a.key': key,
    '/etc/app/a.pem': makeCertificate('localhost', publicKey, other.privateKey, 'other'),
    '/etc/app/z.key': other.key,
    '/etc/app/z.pem': other.certificate,
  });
  expect(identities).toMatchObject([
    { key: { path: '/etc/app/z.key' } },
    { key: { path: '/etc/app/a.key' }, issuer: { key: '/etc/app/z.key', certificate: '/etc/app/z.pem' } },
  ]);
  expect(remove).toHaveLength(4);
});

describe('the spec decides', () => {
  test('how a key is made', () => {
    expect(
      find({ '/etc/app/key': { content: key, mode: 0o600 } }, [
        { path: '/etc/app/key', command: ['/usr/bin/make-key'] },
      ]),
    ).toEqual({
      identities: [
        { kind: 'command', files: [{ path: '/etc/app/key', mode: 0o600, ...root }], command: ['/usr/bin/make-key'] },
      ],
      remove: ['/etc/app/key'],
    });
  });

  test('that a whole folder is not needed', () => {
    const files = { '/var/lib/app': {}, '/var/lib/app/key': key, '/var/lib/app/data': 'x', '/var/lib/apple': 'y' };
    expect(find(files, [{ path: '/var/lib/app', remove: true }])).toEqual({
      identities: [],
      remove: ['/var/lib/app', '/var/lib/app/data', '/var/lib/app/key'],
    });
  });
});

describe('what is no identity stays', () => {
  const rows: { summary: string; files: Record<string, string>; made?: string[] }[] = [
    { summary: 'a key that a package ships', files: { '/usr/share/app/test.key': key }, made: [] },
    {
      summary: 'certificates of authorities',
      files: { '/etc/ssl/certs/ca-certificates.crt': certificate + other.certificate },
      made: undefined,
    },
    {
      summary: 'a public key',
      files: { '/etc/app/key.pub': '-----BEGIN PUBLIC KEY-----\nMI==\n-----END PUBLIC KEY-----\n' },
      made: undefined,
    },
  ];
  test.each(rows)('$summary', ({ files, made }) => {
    expect(find(files, [], made)).toEqual({ identities: [], remove: [] });
  });
});
