import type { InventorySecret } from '../../model/inventory.ts';

/** Key or password material found in a file's bytes. */
export type SecretMaterial = Pick<InventorySecret, 'kind' | 'format' | 'encrypted' | 'line'>;

const PEM_END = Buffer.from('PRIVATE KEY');
const PEM =
  /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY( BLOCK)?-----\r?\n((?:[A-Za-z0-9-]+: .*\r?\n)*)\r?\n?(?:[A-Za-z0-9+/=]{16,}\s+)/g;
const PUTTY = /^PuTTY-User-Key-File-\d/;
const AGE = /AGE-SECRET-KEY-1[A-Z0-9]{50,}/;
const AWS_KEY = /\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b/;
const PEM_FORMATS: Readonly<Record<string, string>> = {
  '': 'PKCS#8',
  'ENCRYPTED ': 'PKCS#8',
  'RSA ': 'PKCS#1',
  'DSA ': 'DSA',
  'EC ': 'SEC1',
  'OPENSSH ': 'OpenSSH',
  'PGP ': 'OpenPGP',
};

/** OID 1.2.840.113549.1.12.10.1.2 (pkcs8ShroudedKeyBag) and 1.2.840.113549.1.7.1 (data), DER. */
const SHROUDED_KEY_BAG = Buffer.from('060b2a864886f70d010c0a0102', 'hex');
const PKCS7_DATA = Buffer.from('06092a864886f70d010701', 'hex');
/** Algorithm identifiers of a PKCS#8 PrivateKeyInfo: RSA, EC, Ed25519, Ed448, X25519, DSA. */
const KEY_ALGORITHMS = [
  '06092a864886f70d010101',
  '06072a8648ce3d0201',
  '06032b6570',
  '06032b6571',
  '06032b656e',
  '06072a8648ce380401',
].map((hex) => Buffer.from(hex, 'hex'));
/** Larger files are no keys in DER. */
const MAX_DER = 32 * 1024;

/** Private keys and tokens in a file, by content whatever its name; one per format. */
export function findSecrets(bytes: Buffer): SecretMaterial[] {
  const found: SecretMaterial[] = [];
  if (bytes.includes(PEM_END)) found.push(...pemKeys(bytes));
  if (bytes.length <= MAX_DER) {
    const der = derKey(bytes);
    if (der) found.push({ kind: 'private-key', encrypted: der === 'PKCS#12', format: der, line: 0 });
    found.push(...textTokens(bytes));
  }
  if (isJavaKeyStoreWithKey(bytes)) found.push({ kind: 'private-key', format: 'JKS', encrypted: true, line: 0 });
  return found;
}

function pemKeys(bytes: Buffer): SecretMaterial[] {
  const text = bytes.toString('latin1');
  const found = new Map<string, SecretMaterial>();
  for (const match of text.matchAll(PEM)) {
    const [, label = '', , headers = ''] = match;
    const format = PEM_FORMATS[label] ?? `${label.trim()} PEM`;
    if (found.has(format)) continue;
    const encrypted =
      label === 'ENCRYPTED ' || headers.includes('ENCRYPTED') || isEncryptedOpenSsh(text, match.index, label);
    found.set(format, { kind: 'private-key', format, encrypted, line: lineOf(text, match.index) });
  }
  return [...found.values()];
}

/** openssh-key-v1 states its cipher in clear: `none` is an unprotected key. */
function isEncryptedOpenSsh(text: string, at: number, label: string): boolean {
  if (label !== 'OPENSSH ') return false;
  const body = text.slice(at + 36, at + 120).replaceAll(/\s/g, '');
  return !Buffer.from(body, 'base64').subarray(0, 40).toString('latin1').includes('\0\0\0\x04none');
}

function textTokens(bytes: Buffer): SecretMaterial[] {
  const text = bytes.toString('latin1');
  const found: SecretMaterial[] = [];
  if (PUTTY.test(text))
    found.push({ kind: 'private-key', format: 'PuTTY', encrypted: !/^Encryption: none/m.test(text), line: 1 });
  for (const [pattern, format] of [
    [AGE, 'age'],
    [AWS_KEY, 'AWS access key'],
  ] as const) {
    const at = text.search(pattern);
    if (at >= 0)
      found.push({
        kind: format === 'age' ? 'private-key' : 'token',
        format,
        encrypted: false,
        line: lineOf(text, at),
      });
  }
  return found;
}

/** Format of an unencrypted or PKCS#12 key in DER, by the fixed start of its ASN.1 structure. */
function derKey(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x30 || bytes.length < 40) return undefined;
  const content = (bytes[1] ?? 0) < 0x80 ? 2 : 2 + ((bytes[1] ?? 0) & 0x7f);
  const version = bytes.subarray(content, content + 3).toString('hex');
  const next = bytes.subarray(content + 3);
  if (
    version === '020100' &&
    next[0] === 0x30 &&
    KEY_ALGORITHMS.some((oid) => next.subarray(2, 4 + oid.length).includes(oid))
  )
    return 'PKCS#8';
  // RSAPrivateKey: version 0, then a modulus of at least 1,024 bits.
  if (version === '020100' && next[0] === 0x02 && (next[1] ?? 0) >= 0x81) return 'PKCS#1';
  if (version === '020101' && next[0] === 0x04 && (next[1] ?? 0) >= 0x1c && next.subarray(0, 160).includes(0xa0))
    return 'SEC1';
  const pkcs12 = version === '020103' && next.subarray(0, 40).includes(PKCS7_DATA);
  return pkcs12 && bytes.includes(SHROUDED_KEY_BAG) ? 'PKCS#12' : undefined;
}

/** A JKS file whose first entry is a key (tag 1); a trust store's entries have tag 2. */
function isJavaKeyStoreWithKey(bytes: Buffer): boolean {
  return (
    bytes.length > 20 &&
    bytes.readUInt32BE(0) === 0xfeedfeed &&
    bytes.readUInt32BE(8) > 0 &&
    bytes.readUInt32BE(12) === 1
  );
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < at; index = text.indexOf('\n', index + 1)) line += 1;
  return line;
}

const HOST_KEY = /^\/etc\/ssh\/ssh_host_[a-z0-9]+_key(\.pub)?$/;
const RANDOM_SEED = /^\/var\/lib\/(systemd|urandom|private)\/random-seed$|^\/var\/lib\/random-seed$/;
const PASSWORD_FILE =
  /^\/(root|home\/[^/]+|var\/lib\/[^/]+)\/(\.pgpass|\.netrc|\.git-credentials|\.my\.cnf|\.htpasswd|\.aws\/credentials|\.docker\/config\.json)$/;

/** Material that a file is by its place, such as a host key or a machine's identity; undefined for other paths and empty files. */
export function secretByPlace(path: string, bytes: Buffer): SecretMaterial | undefined {
  const one = (kind: InventorySecret['kind'], format: string): SecretMaterial => ({
    kind,
    format,
    encrypted: false,
    line: 1,
  });
  if (HOST_KEY.test(path)) return one('host-key', path.endsWith('.pub') ? 'public half' : 'private half');
  if (RANDOM_SEED.test(path) && bytes.length > 0) return one('random-seed', 'bytes');
  if (PASSWORD_FILE.test(path) && bytes.length > 0) return one('password-file', 'text');
  if (path !== '/etc/machine-id' && path !== '/var/lib/dbus/machine-id') return undefined;
  const text = bytes.toString('latin1').trim();
  return text === '' || text === 'uninitialized' ? undefined : one('machine-id', 'text');
}
