import { basename } from 'node:path';
import type { ExtraFile } from '../../../model/spec.ts';
import type { Ports } from '../../../ports/ports.ts';
import type { Universe } from '../../../resolver/universe/universe.ts';

/** What could be found out about an application; what could not is said in `notes`. */
export interface Draft {
  readonly name: string;
  /** What it was drafted from, in a few words. */
  readonly description: string;
  readonly packages: readonly string[];
  /** Packages that it only recommends and does not start without. */
  readonly include?: readonly string[];
  /** Path of the application on this machine, and where it goes. */
  readonly from?: { readonly path: string; readonly into: string; readonly owner?: string; readonly group?: string };
  readonly run:
    | { unit: string }
    | {
        command: readonly string[];
        workingDirectory?: string;
        user?: string;
        environment?: Readonly<Record<string, string>>;
      };
  /** Default: the small one. */
  readonly init?: 'systemd';
  readonly ports: readonly number[];
  /** How long a test waits where the default may be too short, such as `600s`. */
  readonly timeout?: string;
  /** Files laid over the packages' own, so that it can be reached. */
  readonly files?: readonly ExtraFile[];
  /** Its first port may be one of UDP alone. */
  readonly datagram?: boolean;
  /** Its configuration keeps its ports to the machine itself. */
  readonly local?: boolean;
  /** Whether it answers HTTP on its first port. */
  readonly http: boolean;
  /** What is asked for there; default `/`. */
  readonly path?: string;
  /** For the reader of the draft, one sentence each. */
  readonly notes: readonly string[];
}

export type DraftPorts = Pick<Ports, 'source' | 'progress' | 'folders'>;

/** What detectors look things up in. */
export interface DraftContext {
  readonly ports: DraftPorts;
  readonly archive: { readonly universe: Universe; readonly indexes: readonly { baseUri: string }[] };
}

/** An image's name made from a file's: `My_App.tar.gz` → `my-app`. */
export function nameFrom(path: string): string {
  const stem = basename(path)
    .toLowerCase()
    .replace(/\.(deb|tar(\.\w+)?|tgz|ya?ml)$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return stem.slice(0, 63) || 'app';
}
