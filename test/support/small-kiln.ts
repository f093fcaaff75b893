import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { composeLocal, type LocalKiln } from '../../src/cli/compose.ts';
import type { ImageTest } from '../../src/model/spec.ts';
import type { Instance } from '../../src/ports/test-bed.ts';
import { makeArchive, makeKey } from './archive.ts';
import type { DebSource } from './deb.ts';
import { smallDistribution } from './small-distribution.ts';

/** Kiln on this machine over a small archive of a test's own; images are really resolved, baked and judged, and boots are pretended. */
export interface SmallKiln {
  readonly kiln: LocalKiln;
  /** Folder of the spec, with `accounts.yaml` and `policies`. */
  readonly folder: string;
  /** Publishes packages beside the small distribution, in the place of those of before. */
  publish(packages: readonly DebSource[], date?: Date): Promise<void>;
  /** Writes a file beside the spec; `image.yaml` gets the archive as its source. */
  write(path: string, content: string | object): string;
  close(): void;
}

export async function smallKiln(): Promise<SmallKiln> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-small-'));
  const archive = join(folder, 'archive');
  const key = await makeKey();
  mkdirSync(archive);
  const keyring = join(folder, 'key.gpg');
  writeFileSync(keyring, key.toPublic().write());
  const sources = [{ uri: `file:${archive}`, suites: ['bookworm'], signedBy: keyring }];
  const kiln = composeLocal({ home: join(folder, 'home'), cache: join(folder, 'cache') });
  Object.assign(kiln.ports, { testBed: pretendedBed() });
  const specs = join(folder, 'specs');
  return {
    kiln,
    folder: specs,
    publish: async (packages, date) => {
      await makeArchive(archive, { key, date, contents: true, packages: [...smallDistribution(), ...packages] });
    },
    write(path, content) {
      const file = join(specs, path);
      const whole = path === 'image.yaml' ? { os: { sources }, ...(content as object) } : content;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof whole === 'string' ? whole : JSON.stringify(whole, null, 2));
      return file;
    },
    close() {
      kiln.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every test of a pretended instance passes. */
function pretendedBed() {
  const launchedAt = '2026-01-01T00:00:00.000Z';
  return {
    launch: async ({
      key,
      account,
      imageId,
    }: {
      key: string;
      account: string;
      imageId: string;
    }): Promise<Instance> => ({
      ...{ id: key, account, imageId, launchedAt, endpoints: {}, machine: 'none' },
    }),
    probe: async (_: Instance, test: ImageTest) => ({ name: test.name ?? 'a test', passed: true }),
    console: async () => '',
    stop: async () => ({ clean: true }),
    running: async () => [],
  };
}
