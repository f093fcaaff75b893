import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TesterRequest } from '../../src/adapters/aws/command-tester.ts';
import { extendClosure, openArchive } from '../../src/app/lock/closure.ts';
import { stageRoot } from '../../src/baker/stage/stage.ts';
import { writeTarOfFolder } from '../../src/formats/archive/tar-writer.ts';
import { KilnError } from '../../src/model/error.ts';
import type { Lock } from '../../src/model/lock.ts';
import { imageSpec } from '../../src/model/spec.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Root } from '../../src/resolver/resolve.ts';

type TesterPorts = Pick<Ports, 'source' | 'isolation' | 'folders' | 'progress' | 'store'>;

/**
 * Makes the root in which a test's command runs, Essential packages and those that the test names, all configured, and stores its tar;
 * gives the digest. Throws HOST_NOT_READY where the sources cannot bring the packages.
 */
export async function makeTesterRoot(ports: TesterPorts, { os, packages }: TesterRequest): Promise<string> {
  const { source, folders, progress, isolation, store } = ports;
  const { universe, indexes } = await openArchive(ports, os);
  const names = [...universe.essential().map(({ name }) => name), ...packages];
  const roots = names.map((relation): Root => ({ relation, why: { kind: 'boot', purpose: 'tester' } }));
  const { resolution } = imageSpec.parse({ name: 'tester', os, application: { packages: ['dpkg'], run: RUN } });
  const found = extendClosure(universe, [], roots, resolution);
  if (found.kind === 'unsatisfiable') {
    const hint = `command.packages of the test names ${packages.join(', ')}`;
    throw new KilnError('HOST_NOT_READY', ['a tester cannot be made', ...found.explanation].join('; '), { hint });
  }
  const debs = await source.fetch(found.packages, indexes, progress);
  folders.sweep();
  const work = folders.claim('tester');
  try {
    const lock = { indexes, packages: found.packages, build: { base: [], tools: [] } } as unknown as Lock;
    const { root } = await stageRoot({ lock, debs, work, cache: folders.cache }, { isolation, source, progress });
    const path = join(work, 'root.tar');
    await writeTarOfFolder(root, path, { mtime: 0 });
    return await store.put({ path });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const RUN = { command: ['/bin/true'] };
