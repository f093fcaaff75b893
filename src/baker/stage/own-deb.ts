import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readControl, readDebLayout } from '../../formats/archive/deb.ts';
import { parseStanzas } from '../../formats/debian/stanza.ts';
import type { ImageSpec } from '../../model/spec.ts';
import { type DpkgPorts, runDpkg } from './dpkg.ts';

/** The user's own .deb, as `application.from` names it. */
export interface OwnDeb {
  readonly path: string;
  /** Name of the package. */
  readonly name: string;
}

/** The .deb of `application.from`; undefined where that is something else. Throws PACKAGE_CORRUPT. */
export function ownDebOf(
  { application: { from } }: Pick<ImageSpec, 'application'>,
  directory: string,
): OwnDeb | undefined {
  if (!from?.path.endsWith('.deb')) return undefined;
  const path = join(directory, from.path);
  const control = readControl(path, readDebLayout(path)).get('control')!;
  const name = parseStanzas(control, { name: path, code: 'PACKAGE_CORRUPT' }).next().value?.get('Package');
  return { path, name: name ?? 'own' };
}

interface Installation {
  readonly root: string;
  readonly deb: OwnDeb;
  /** Folder of this build. */
  readonly work: string;
  readonly stubs: string;
  readonly sourceDateEpoch: number;
  readonly signal?: AbortSignal;
}

/**
 * Unpacks and configures the user's own .deb like any other package, when those that it depends on are there: its scripts make users
 * and links. Throws CONFIGURE_FAILED with what its script said, NO_SPACE, INTERRUPTED.
 */
export async function installOwnDeb(
  { root, deb, work, stubs, ...rest }: Installation,
  ports: DpkgPorts,
): Promise<void> {
  const debs = join(work, 'own-deb');
  const file = `${deb.name}.deb`;
  await mkdir(debs, { recursive: true });
  await copyFile(deb.path, join(debs, file));
  await runDpkg({ root, debs, phases: [[file]], stubs, ...rest }, ports, `configure ${deb.name}`);
}
