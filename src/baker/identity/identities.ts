import { KilnError } from '../../model/error.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type { IdentityRule, ImageSpec } from '../../model/spec.ts';
import { usersOf } from '../application/users.ts';
import { globMatcher } from '../tree/glob.ts';
import type { Identity, IdentityFile } from '../types.ts';
import { type Certificate, describeKey, isIssuedBy, isPrivateKey, pairs, readCertificate, sshKeyOf } from './keys.ts';

/** What was found, and every path that has to leave the tree for it. */
export interface FoundIdentities {
  readonly identities: readonly Identity[];
  readonly remove: readonly string[];
}

/** Keys and certificates are small; larger files are not looked into. */
const MAX_SIZE = 1 << 18;

const MACHINE_IDS = ['/etc/machine-id', '/var/lib/dbus/machine-id'];
const SEEDS = [
  '/var/lib/systemd/random-seed',
  '/var/lib/systemd/credential.secret',
  '/var/lib/urandom/random-seed',
  '/var/lib/random-seed',
];

/**
 * Finds what configuring made and must never ship: machine ids, seeds, private keys (by their content), what the spec
 * names. `made` are the paths that belong to no package; what packages ship themselves is not looked at. Throws REFUSED for a
 * private key of which Kiln does not know how to make another.
 */
export function findIdentities(
  tree: FileTree,
  made: readonly string[],
  spec: Pick<ImageSpec, 'identities'>,
): FoundIdentities {
  const users = usersOf(tree);
  const place = (entry: FileEntry): IdentityFile => ({
    path: entry.path,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    owner: users.userName(entry.uid),
    group: users.groupName(entry.gid),
  });
  const entries = made.map((path) => tree.lookup(path)).filter((it) => it !== undefined);
  const stated = spec.identities.map((rule) => byRule(rule, entries, place));
  const covered = new Set(stated.flatMap((it) => it.remove));
  const rest = entries.filter((it) => !covered.has(it.path));
  return merge([...stated, machineIds(rest, place), ...seeds(rest, place), ...keys(tree, rest, place)]);
}

type Place = (entry: FileEntry) => IdentityFile;
const NONE: FoundIdentities = { identities: [], remove: [] };

function merge(found: readonly FoundIdentities[]): FoundIdentities {
  return {
    identities: found.flatMap((it) => it.identities),
    remove: [...new Set(found.flatMap((it) => it.remove))].sort(),
  };
}

function byRule(rule: IdentityRule, entries: readonly FileEntry[], place: Place): FoundIdentities {
  const matches = globMatcher(rule.path);
  const found = entries.filter((it) => matches(it.path));
  const remove = found.map((it) => it.path);
  if (rule.command === undefined) return { identities: [], remove };
  // The command makes what is not there, even where configuring made nothing.
  const top = found.filter((it) => it.path === rule.path).map(place);
  const absent = { path: rule.path, mode: 0o600, uid: 0, gid: 0, owner: 'root', group: 'root' };
  return { identities: [{ kind: 'command', files: top.length > 0 ? top : [absent], command: rule.command }], remove };
}

function machineIds(entries: readonly FileEntry[], place: Place): FoundIdentities {
  const found = entries.filter((it) => MACHINE_IDS.includes(it.path));
  if (found.length === 0) return NONE;
  // A link to /etc/machine-id may stay as it is.
  const files = found.filter((it) => it.type === 'file').map(place);
  return { identities: [{ kind: 'machine-id', files }], remove: files.map((it) => it.path) };
}

function seeds(entries: readonly FileEntry[], place: Place): FoundIdentities[] {
  return entries
    .filter((it) => it.type === 'file' && SEEDS.includes(it.path))
    .map((it) => ({
      identities: [{ kind: 'random-seed', file: place(it), bytes: Math.max(it.size, 32) }],
      remove: [it.path],
    }));
}

function keys(tree: FileTree, entries: readonly FileEntry[], place: Place): FoundIdentities[] {
  const small = entries.filter((it) => it.type === 'file' && it.size > 0 && it.size <= MAX_SIZE);
  const texts = new Map(small.map((it) => [it.path, tree.read(it.path)]));
  const secret = small.filter((it) => isPrivateKey(texts.get(it.path)!));
  if (secret.length === 0) return [];
  const certificates = small.flatMap((entry) => {
    const certificate = readCertificate(texts.get(entry.path)!);
    return certificate ? [{ entry, certificate }] : [];
  });
  const host = secret.filter((it) => /^\/etc\/ssh\/ssh_host_\w+_key$/.test(it.path));
  const others = secret.filter((it) => !host.includes(it));
  return [
    ...(host.length > 0 ? [sshKeys(tree, host, place)] : []),
    ...tlsPairs(tree, others, texts, certificates, entries, place),
  ];
}

function sshKeys(tree: FileTree, host: readonly FileEntry[], place: Place): FoundIdentities {
  const found = host.map((it) => ({ ...place(it), ...sshKeyOf(tree.read(`${it.path}.pub`)) }));
  return {
    identities: [{ kind: 'ssh-host-keys', keys: found }],
    remove: host.flatMap((it) => [it.path, `${it.path}.pub`]),
  };
}

interface Placed {
  readonly entry: FileEntry;
  readonly certificate: Certificate;
}

interface Pair extends Placed {
  readonly key: FileEntry;
}

/** Pairs of a key and its certificate, those that sign others first. */
function tlsPairs(
  tree: FileTree,
  keyFiles: readonly FileEntry[],
  texts: ReadonlyMap<string, Buffer>,
  certificates: readonly Placed[],
  entries: readonly FileEntry[],
  place: Place,
): FoundIdentities[] {
  const known = keyFiles.map((key): Pair => {
    const match = certificates.find(({ certificate }) => pairs(certificate, texts.get(key.path)!));
    if (!match || !describeKey(texts.get(key.path)!)) throw unknownKey(key.path);
    return { key, ...match };
  });
  const found = known.map((pair) => {
    const issuer = pair.certificate.selfSigned ? undefined : issuerOf(pair, known);
    return { isRoot: issuer === undefined, ...tlsPair(tree, pair, issuer, texts.get(pair.key.path)!, entries, place) };
  });
  return [...found.filter((it) => it.isRoot), ...found.filter((it) => !it.isRoot)];
}

/** The self-signed one that signed it. Throws REFUSED where its key is not there. */
function issuerOf({ key, certificate }: Pair, known: readonly Pair[]): Pair {
  const issuer = known.find((it) => it.certificate.selfSigned && isIssuedBy(certificate, it.certificate));
  if (!issuer) throw unknownKey(key.path);
  return issuer;
}

function tlsPair(
  tree: FileTree,
  pair: Pair,
  issuer: Pair | undefined,
  bytes: Buffer,
  entries: readonly FileEntry[],
  place: Place,
): FoundIdentities {
  const hashLinks = entries
    .filter((it) => it.type === 'symlink' && /^[0-9a-f]{8}\.\d+$/.test(it.path.split('/').at(-1)!))
    .filter((it) => tree.resolve(it.path)?.path === pair.entry.path)
    .map((it) => it.path);
  const { subject, alternativeNames, days } = pair.certificate;
  return {
    identities: [
      {
        kind: 'tls-key-pair',
        key: { ...place(pair.key), ...describeKey(bytes)! },
        certificate: { ...place(pair.entry), subject, alternativeNames, days },
        ...(issuer ? { issuer: { key: issuer.key.path, certificate: issuer.entry.path } } : {}),
        hashLinks,
      },
    ],
    remove: [pair.key.path, pair.entry.path, ...hashLinks],
  };
}

function unknownKey(path: string): KilnError {
  return new KilnError(
    'REFUSED',
    `configuring made a private key that Kiln cannot make again on each machine: ${path}`,
    {
      hint: `say in image.yaml how it is made: identities: [{path: ${path}, command: [...]}], or that it is not needed: {path: ${path}, remove: true}`,
    },
  );
}
