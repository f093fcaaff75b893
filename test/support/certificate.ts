import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** One DER element (X.690). */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 255]), body]);
}

const SEQUENCE = 0x30;
const text = (value: string) => der(0x0c, Buffer.from(value));
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const commonName = (name: string) => der(SEQUENCE, der(0x31, der(SEQUENCE, oid('550403'), text(name))));
const time = (value: string) => der(0x17, Buffer.from(value));
const sha256WithRsa = der(SEQUENCE, oid('2a864886f70d01010b'), der(0x05));

/** A certificate (RFC 5280) of a key for a name, by another's key or its own, for ten years from 2026. PEM. */
export function makeCertificate(name: string, publicKey: KeyObject, signer: KeyObject, issuer = name): string {
  const alternative = der(SEQUENCE, oid('551d11'), der(0x04, der(SEQUENCE, der(0x82, Buffer.from(name)))));
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    sha256WithRsa,
    commonName(issuer),
    der(SEQUENCE, time('260101000000Z'), time('351230000000Z')),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, alternative)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signer));
  const encoded = der(SEQUENCE, body, sha256WithRsa, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${encoded}\n-----END CERTIFICATE-----\n`;
}

/** An RSA key and its self-signed certificate, as PEM. */
export function makeKeyPair(name = 'localhost') {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, certificate: makeCertificate(name, publicKey, privateKey), publicKey, privateKey };
}
