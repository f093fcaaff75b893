import type { FileTree } from '../model/file-tree.ts';

/** A file, directory or symbolic link that Kiln itself lays into a root tree. */
export interface RuntimeFile {
  /** Absolute, usr-merged. Parents are made where missing, 0755 root:root. */
  readonly path: string;
  /** Permission bits, 0–0o7777; of a symbolic link: ignored. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file. Neither `content` nor `target`: a directory. */
  readonly content?: Buffer;
  /** Text of a symbolic link. */
  readonly target?: string;
}

/** What is known of a pruned root when the runtime files are asked for. */
export interface RootFacts {
  /** Folder that is the root, on this machine; never follow a symbolic link in it. */
  readonly root: string;
  /** The pruned tree, identities already taken out. */
  readonly tree: FileTree;
  readonly identities: readonly Identity[];
  /** Services that run in place of the application's unit, where that only stands for others. */
  readonly instances: readonly string[];
  /** Seconds; every time stamp of the tree becomes this. */
  readonly sourceDateEpoch: number;
}

/** Where an identity's file was, and what it must look like when it is made again. */
export interface IdentityFile {
  /** Absolute, usr-merged; its folder is in the tree. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names from the tree's passwd and group; the number as text where there is none. */
  readonly owner: string;
  readonly group: string;
}

export type KeyAlgorithm = 'rsa' | 'ec' | 'ed25519' | 'ed448' | 'dsa' | 'x25519' | 'x448';

/** What kind of key it was: `bits` for RSA and DSA, `curve` (OpenSSL's name, such as `prime256v1`) for EC. */
export interface KeyParameters {
  readonly algorithm: KeyAlgorithm;
  readonly bits?: number;
  readonly curve?: string;
}

/** Something made while configuring that differs from machine to machine: not in the tree, made at first boot. */
export type Identity =
  | {
      readonly kind: 'machine-id';
      /** Each gets the same 32 hex digits and a newline. */
      readonly files: readonly IdentityFile[];
    }
  | {
      readonly kind: 'ssh-host-keys';
      /** Private key; the public one is `<path>.pub`. */
      readonly keys: readonly (IdentityFile & KeyParameters)[];
    }
  | {
      readonly kind: 'tls-key-pair';
      readonly key: IdentityFile & KeyParameters;
      /** Certificate of the key, self-signed where no `issuer` is named. */
      readonly certificate: IdentityFile & {
        /** OpenSSL's one-line form, such as `/CN=localhost`; with the build root's host name in it where the tool put it. */
        readonly subject: string;
        /** Such as `DNS:localhost`. */
        readonly alternativeNames: readonly string[];
        readonly days: number;
      };
      /** Another pair of these, which signs the certificate; it is made before. */
      readonly issuer?: { readonly key: string; readonly certificate: string };
      /** Links named by the certificate's hash (c_rehash) that pointed to it, made again by whoever makes the pair. */
      readonly hashLinks: readonly string[];
    }
  | {
      readonly kind: 'random-seed';
      readonly file: IdentityFile;
      readonly bytes: number;
    }
  | {
      readonly kind: 'command';
      /** Files that the command makes. */
      readonly files: readonly IdentityFile[];
      readonly command: readonly string[];
    };

/** Files and the bytes of regular ones among them. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** What pruning kept, took out by which rule, and made. */
export interface PruneReport {
  readonly staged: Amount;
  readonly kept: Amount;
  /** By rule, in the rules' order. */
  readonly removed: readonly (Amount & { readonly rule: string; readonly what: string; readonly why: string })[];
  /** Programs that lost their set-user-id or set-group-id bit. */
  readonly ordinary: readonly string[];
  /** Files of nobody's that were made while configuring and are kept, or that Kiln made; sorted. */
  readonly generated: readonly string[];
}
