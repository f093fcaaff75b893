import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Identity, IdentityFile, KeyParameters } from '../types.ts';
import { shellWord } from './service-script.ts';

/**
 * The shell file that `/usr/lib/kiln/first-boot` reads: one call for each identity, in order. Throws KilnError REFUSED
 * where the image lacks the program that makes one.
 */
export function identityScript(identities: readonly Identity[], tree: FileTree): string {
  return identities
    .flatMap((identity) => identityLines(identity, tree))
    .map((line) => `${line}\n`)
    .join('');
}

function identityLines(identity: Identity, tree: FileTree): string[] {
  switch (identity.kind) {
    case 'machine-id':
      return identity.files.map((file) => call('machine_id', place(file)));
    case 'random-seed':
      return [call('random_seed', [String(identity.bytes), ...place(identity.file)])];
    case 'ssh-host-keys':
      requireProgram('/usr/bin/ssh-keygen', identity.keys[0]?.path, tree);
      return identity.keys.map((key) => call('ssh_host_key', [sshType(key), sshBits(key), ...place(key)]));
    case 'tls-key-pair': {
      const { key, certificate, issuer, hashLinks } = identity;
      requireProgram('/usr/bin/openssl', key.path, tree);
      const names = certificate.alternativeNames.join(',');
      const pair = [
        newKey(key),
        certificate.subject,
        names,
        String(certificate.days),
        ...place(key),
        ...place(certificate),
      ];
      const signer = issuer ? [call('signed_by', [issuer.key, issuer.certificate])] : [];
      return [
        ...signer,
        call('tls_key_pair', pair),
        ...(hashLinks.length > 0 ? [call('hash_link', [certificate.path])] : []),
      ];
    }
    case 'command': {
      requireProgram(identity.command[0] ?? '', identity.files[0]?.path, tree);
      const missing = identity.files.map((file) => `[ -e ${shellWord(file.path)} ]`).join(' && ');
      const command = identity.command.map(shellWord).join(' ');
      const made = identity.files.map((file) => call('made_by_command', place(file)));
      return [
        `{ ${missing || 'false'}; } || ${command} || give_up ${shellWord(`${identity.command[0]} failed`)}`,
        ...made,
      ];
    }
  }
}

function call(name: string, words: readonly string[]): string {
  return [name, ...words.map(shellWord)].join(' ');
}

function place({ path, mode, uid, gid }: IdentityFile): string[] {
  return [path, mode.toString(8).padStart(4, '0'), String(uid), String(gid)];
}

function sshType({ algorithm }: KeyParameters): string {
  return algorithm === 'ec' ? 'ecdsa' : algorithm;
}

function sshBits({ algorithm, bits, curve }: KeyParameters): string {
  const ecdsa: Readonly<Record<string, string>> = { prime256v1: '256', secp384r1: '384', secp521r1: '521' };
  return algorithm === 'rsa' ? String(bits ?? 3072) : algorithm === 'ec' ? (ecdsa[curve ?? ''] ?? '256') : '';
}

/** `openssl req -newkey`'s words. */
function newKey({ algorithm, bits, curve }: KeyParameters): string {
  if (algorithm === 'rsa') return `rsa:${bits ?? 2048}`;
  if (algorithm === 'ec') return `ec -pkeyopt ec_paramgen_curve:${curve ?? 'prime256v1'}`;
  return algorithm;
}

function requireProgram(program: string, made: string | undefined, tree: FileTree): void {
  if (tree.resolve(program)?.type === 'file') return;
  throw new KilnError('REFUSED', `${made} is made at first boot, and the image has no ${program} to make it`, {
    hint: `add the program to resolution.includeFiles, or say in identities how ${made} is made or that it is not needed`,
  });
}
