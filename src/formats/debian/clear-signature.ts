import { type PublicKey, readCleartextMessage, readKeys, verify } from 'openpgp';
import { KilnError } from '../../model/error.ts';

/** Reads public keys from a keyring's bytes, binary or armoured. Throws CONFIG_INVALID, naming `where`. */
export async function readKeyring(bytes: Buffer, where: string): Promise<PublicKey[]> {
  try {
    const armoured = bytes.subarray(0, 4096).includes('-----BEGIN PGP');
    const keys = armoured ? armouredKeys(bytes.toString('latin1')) : readKeys({ binaryKeys: new Uint8Array(bytes) });
    return (await keys) as PublicKey[];
  } catch (cause) {
    throw new KilnError('CONFIG_INVALID', `the keyring ${where} cannot be read`, {
      hint: 'a keyring is an exported OpenPGP key, binary or armoured',
      cause,
    });
  }
}

/** A file may hold several armoured blocks after one another. */
async function armouredKeys(text: string): Promise<PublicKey[]> {
  const blocks = text.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g) ?? [];
  if (blocks.length === 0) throw new Error('no armoured key');
  return (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat() as PublicKey[];
}

/**
 * The text of a clear-signed message (RFC 9580 §7) if at least one of its signatures is good by one of the keys at `now`
 * (milliseconds); nothing outside the signed part is returned. Throws INDEX_UNTRUSTED, naming `where`.
 */
export async function verifyClearSigned(
  bytes: Buffer,
  keys: readonly PublicKey[],
  now: number,
  where: string,
): Promise<{ text: string; signer: string }> {
  const untrusted = (what: string, cause?: unknown) =>
    new KilnError('INDEX_UNTRUSTED', `${where} ${what}`, {
      hint: 'if `apt-get update` accepts it, check Signed-By of the source; if not, the mirror is not to be trusted',
      cause,
    });
  let message: Awaited<ReturnType<typeof readCleartextMessage>>;
  try {
    message = await readCleartextMessage({ cleartextMessage: bytes.toString('utf8') });
  } catch (cause) {
    throw untrusted('is not a clear-signed message', cause);
  }
  const { data, signatures } = await verify({ message, verificationKeys: [...keys], date: new Date(now) });
  const failures: unknown[] = [];
  for (const signature of signatures) {
    try {
      await signature.verified;
      return { text: data as string, signer: signature.keyID.toHex() };
    } catch (failure) {
      failures.push(failure);
    }
  }
  const reasons = [...new Set(failures.map((failure) => (failure as Error).message))].join('; ');
  throw untrusted(
    `has no good signature by ${keys.length} trusted keys (${reasons || 'it has no signature'})`,
    failures[0],
  );
}
