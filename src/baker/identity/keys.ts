import { createPrivateKey, X509Certificate } from 'node:crypto';
import { KilnError } from '../../model/error.ts';
import type { KeyAlgorithm, KeyParameters } from '../types.ts';

// With what is in it and its end: programs and lists that know keys by their beginning hold such lines, too. A string may hold `\n`.
const PRIVATE =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:[A-Za-z-]+: [^\n]*\n)*[A-Za-z0-9+/=\s\\]+-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** Whether a file holds a private key: PEM (RFC 7468), OpenSSH's or OpenPGP's armour. */
export function isPrivateKey(bytes: Buffer): boolean {
  return PRIVATE.test(bytes.toString('latin1'));
}

export interface Certificate {
  readonly x509: X509Certificate;
  /** OpenSSL's one-line form: `/C=XX/CN=localhost`. */
  readonly subject: string;
  /** Such as `DNS:localhost`, `IP:10.0.0.1`. */
  readonly alternativeNames: readonly string[];
  readonly days: number;
  readonly selfSigned: boolean;
}

/** The certificate in a file that holds exactly one (bundles of authorities hold many). */
export function readCertificate(bytes: Buffer): Certificate | undefined {
  const found = bytes.toString('latin1').match(CERTIFICATE);
  if (found?.length !== 1) return undefined;
  try {
    return describe(new X509Certificate(found[0]));
  } catch {
    return undefined;
  }
}

function describe(x509: X509Certificate): Certificate {
  const lifetime = x509.validToDate.getTime() - x509.validFromDate.getTime();
  return {
    x509,
    subject: `/${x509.subject.split('\n').join('/')}`,
    alternativeNames: (x509.subjectAltName ?? '')
      .split(', ')
      .filter(Boolean)
      .map((name) => name.replace(/^IP Address:/, 'IP:')),
    days: Math.round(lifetime / 86_400_000),
    selfSigned: x509.verify(x509.publicKey),
  };
}

/** Whether the certificate is of the private key. */
export function pairs({ x509 }: Certificate, key: Buffer): boolean {
  try {
    return x509.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Whether the certificate was signed with the key of the other. */
export function isIssuedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
}

/** Kind of a PEM private key; undefined where it is encrypted or of an unknown kind. */
export function describeKey(bytes: Buffer): KeyParameters | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(bytes);
    if (!KINDS.has(asymmetricKeyType ?? '')) return undefined;
    const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
    return {
      algorithm: asymmetricKeyType as KeyAlgorithm,
      ...(modulusLength === undefined ? {} : { bits: modulusLength }),
      ...(namedCurve === undefined ? {} : { curve: namedCurve }),
    };
  } catch {
    return undefined;
  }
}

const KINDS: ReadonlySet<string> = new Set<KeyAlgorithm>(['rsa', 'ec', 'ed25519', 'ed448', 'dsa', 'x25519', 'x448']);
const CURVES: Readonly<Record<string, string>> = {
  nistp256: 'prime256v1',
  nistp384: 'secp384r1',
  nistp521: 'secp521r1',
};

/** Kind of an SSH key, from its public half (RFC 4253 §6.6, RFC 5656 §3.1). */
export function sshKeyOf(publicKey: Buffer): KeyParameters {
  const [type = '', blob = ''] = publicKey.toString('latin1').trim().split(' ');
  const fields = wireStrings(Buffer.from(blob, 'base64'));
  if (type === 'ssh-ed25519') return { algorithm: 'ed25519' };
  if (type === 'ssh-rsa') return { algorithm: 'rsa', bits: bitLength(fields[2]) };
  if (type === 'ssh-dss') return { algorithm: 'dsa', bits: bitLength(fields[1]) };
  const curve = CURVES[fields[1]?.toString('latin1') ?? ''];
  if (type.startsWith('ecdsa-sha2-') && curve) return { algorithm: 'ec', curve };
  throw new KilnError('REFUSED', `an SSH host key of unknown kind: ${JSON.stringify(type)}`, {
    hint: 'say in image.yaml, under identities, how it is made',
  });
}

function wireStrings(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

/** Bits of a positive mpint, whose first byte may be the zero that keeps it positive. */
function bitLength(mpint: Buffer = Buffer.alloc(0)): number {
  const start = mpint.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (mpint.length - start) * 8 - Math.clz32(mpint[start]!) + 24;
}
