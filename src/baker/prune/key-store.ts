/** First byte of a SEQUENCE (X.690 §8.9). */
export const DER_SEQUENCE = 0x30;
/** OIDs 1.2.840.113549.1.12.10.1.2 (pkcs8ShroudedKeyBag) and 1.2.840.113549.1.7.1 (data), DER. */
const SHROUDED_KEY_BAG = Buffer.from('060b2a864886f70d010c0a0102', 'hex');
const PKCS7_DATA = Buffer.from('06092a864886f70d010701', 'hex');
const JKS_MAGIC = 0xfeedfeed;
const JKS_PRIVATE_KEY = 1;

/** Whether bytes are a store with a private key: JKS, by its first entry, or PKCS#12 (RFC 7292), whose bags say what they hold. */
export function isKeyStore(bytes: Buffer): boolean {
  if (bytes.length < 20) return false;
  if (bytes.readUInt32BE(0) === JKS_MAGIC)
    return bytes.readUInt32BE(8) > 0 && bytes.readUInt32BE(12) === JKS_PRIVATE_KEY;
  return bytes[0] === DER_SEQUENCE && bytes.subarray(0, 64).includes(PKCS7_DATA) && bytes.includes(SHROUDED_KEY_BAG);
}
