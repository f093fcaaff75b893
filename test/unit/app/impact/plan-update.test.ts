import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { folderArtifactStore } from '../../../../src/adapters/local/folder-artifact-store.ts';
import { sqliteCatalog } from '../../../../src/adapters/local/sqlite-catalog.ts';
import { untouchedSince, WORTH_COMPARING } from '../../../../src/app/impact/known-under.ts';
import { readBook } from '../../../../src/app/impact/plan-book.ts';
import { type PlanOptions, planUpdate } from '../../../../src/app/impact/plan-update.ts';
import { resolvedFrom } from '../../../../src/app/impact/published-versions.ts';
import { openArchive } from '../../../../src/app/lock/closure.ts';
import { closureRequest, specOfPackages } from '../../../../src/app/prove/resolve-spec.ts';
import { cleanUp } from '../../../../src/app/retention/clean-up.ts';
import { touchedImages } from '../../../../src/app/watch/touched-images.ts';
import { sha256 } from '../../../../src/model/canonical.ts';
import { silent } from '../../../../src/ports/progress.ts';
import { type ResolvedPackage, resolve } from '../../../../src/resolver/resolve.ts';
import { buildUniverse } from '../../../../src/resolver/universe/universe.ts';
import { makeIndex, packagesText, type UniverseLine } from '../../../support/universe.ts';

/** The archive with a package in a new version. */
function updated(line: UniverseLine, name: string, version: string, value: string): UniverseLine {
  const { [name]: _, ...others } = line;
  return { ...others, [`${name} ${version}`]: value };
}

const at = '2026-01-01T00:00:00.000Z';

const FIRST: UniverseLine = {
  web: 'ssl, db | small',
  ssl: '',
  db: '; size 5',
  small: '; size 6',
  mail: 'ssl',
  alone: '',
  'linux-image-cloud-amd64': 'linux-image-6.1-1',
  'linux-image-6.1-1': '',
};

/** A machine whose archive changes from day to day. */
function world() {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-plan-'));
  const catalog = sqliteCatalog(join(folder, 'catalog.sqlite'));
  const artifacts = folderArtifactStore(join(folder, 'artifacts'));
  let day = 0;
  let index = makeIndex('bookworm');
  let locksRead = 0;
  const offer = (line: UniverseLine): void => {
    day += 1;
    const text = packagesText(line);
    const path = join(folder, `day-${day}_Packages`);
    writeFileSync(path, text);
    index = { ...makeIndex('bookworm'), path, sha256: sha256(text), date: `2026-03-0${day}T00:00:00.000Z` };
  };
  const store = {
    ...artifacts,
    read: async (digest: string) => {
      const bytes = await artifacts.read(digest);
      if (bytes[0] === '{'.charCodeAt(0)) locksRead += 1;
      return bytes;
    },
  };
  const publish = async (
    image: string,
    line: UniverseLine,
    version = 1,
    init: readonly string[] = [],
  ): Promise<void> => {
    const spec = { ...specOfPackages([image]), name: image };
    const universe = buildUniverse([{ index, text: Buffer.from(packagesText(line)) }], 'amd64');
    const { roots, ...request } = closureRequest(spec, {});
    const boot = init.map((relation) => ({ relation, why: { kind: 'boot', purpose: 'runs services' } as const }));
    const outcome = resolve(universe, { ...request, roots: [...roots, ...boot], resolution: spec.resolution });
    if (outcome.kind !== 'resolved') throw new Error('internal: it resolves');
    const kernel = { ...universe.candidate('linux-image-6.1-1')!, why: [] };
    const packages = [
      ...outcome.packages.map((it: ResolvedPackage) => ({ ...it, layer: 'closure' })),
      { ...kernel, layer: 'boot' },
    ];
    const lockDigest = await artifacts.put({ bytes: Buffer.from(JSON.stringify({ packages, indexes: [index] })) });
    await catalog.putVersion({
      ...{ image, version, state: 'available', imageId: 'i', buildId: `${image}-${version}`, createdAt: at },
      ...{ lockDigest, diskDigest: 'd', treeDigest: 't', facts: { resolvedFrom: resolvedFrom(spec) } },
    });
    await catalog.setAlias(image, 'latest', version);
  };
  const ports = {
    catalog,
    store,
    progress: silent,
    specs: {},
    source: { indexes: async () => [index] },
    folders: { cache: join(folder, 'cache') },
  };
  const plan = async (options: PlanOptions = {}): Promise<string[]> => {
    const { impacts, troubled } = await planUpdate(ports as never, options);
    return [
      ...impacts.map(({ image, cause, changes }) =>
        [`${image} ${cause}`, ...changes.map((it) => `${it.name} ${it.before ?? '-'} → ${it.after ?? '-'}`)].join(', '),
      ),
      ...troubled.map((it) => `${it.image} troubled`),
    ];
  };
  return { folder, ports, offer, publish, plan, locksRead: () => locksRead, digest: () => index.sha256 };
}

describe('planUpdate', () => {
  let here: ReturnType<typeof world>;
  beforeEach(async () => {
    here = world();
    here.offer(FIRST);
    for (const image of ['web', 'mail', 'alone']) await here.publish(image, FIRST);
  });

  test('nothing changes while the index does not', async () => {
    expect(await here.plan()).toEqual([]);
  });

  test('an update names the images that have the package, and what comes and goes with it', async () => {
    here.offer({ ...updated(FIRST, 'ssl', '2', 'extra'), extra: '' });
    expect(await here.plan()).toEqual(['mail updated, extra - → 1, ssl 1 → 2', 'web updated, extra - → 1, ssl 1 → 2']);
    expect(await here.plan({ complete: false })).toEqual(['mail updated, ssl 1 → 2', 'web updated, ssl 1 → 2']);
  });

  test('an alternative that became the better one counts, and so does a removed package', async () => {
    here.offer(updated(FIRST, 'small', '2', '; size 1'));
    expect(await here.plan()).toEqual(['web better, db 1 → -, small - → 2']);
    const { db: _, ...without } = FIRST;
    here.offer(without);
    expect(await here.plan()).toEqual(['web updated, db 1 → -, small - → 1']);
  });

  test('what a closure has for the init that it was resolved with stays', async () => {
    const line: UniverseLine = {
      ...FIRST,
      tool: 'init | small-init',
      init: '; size 9',
      'small-init': '; conflicts init',
    };
    here.offer(line);
    await here.publish('tool', line, 1, ['init']);
    expect(await here.plan()).toEqual([]);
  });

  test('a new kernel is a package of another name', async () => {
    here.offer({ ...FIRST, 'linux-image-cloud-amd64': 'linux-image-6.1-2', 'linux-image-6.1-2': '' });
    expect(await here.plan()).toContain('alone updated, linux-image-6.1-1 1 → -, linux-image-6.1-2 - → 1');
  });

  test('versions that no index has yet', async () => {
    expect(await here.plan({ updates: { db: '9' } })).toEqual(['web updated, db 1 → 9']);
  });

  test('an update of a package that nobody has is a slip', async () => {
    await expect(here.plan({ updates: { sssl: '2' } })).rejects.toMatchObject({
      message: "no image's sources have a package sssl",
      hint: 'nearest names: ssl',
    });
  });

  test('an image without any valid set is told why', async () => {
    here.offer(updated(FIRST, 'ssl', '2', 'gone'));
    const { impacts } = await planUpdate(here.ports as never);
    expect(impacts.find((it) => it.image === 'mail')?.explanation?.join('\n')).toContain(
      'ssl Depends on gone, and nothing in these sources is gone or provides it',
    );
  });

  test('an index that changed elsewhere is no reason to build, but where nobody knows', async () => {
    here.offer(updated(FIRST, 'db', '2', '; size 5'));
    await here.ports.catalog.createBuild({
      ...{ id: 'b1', image: 'alone', cause: { kind: 'request' }, state: 'failed', requestedAt: at, steps: [] },
    });
    const isTouched = touchedImages(here.ports as never);
    const asked = ['web', 'mail', 'alone', 'never-built'].map(async (it) => `${it}: ${await isTouched(it)}`);
    expect(await Promise.all(asked)).toEqual(['web: true', 'mail: false', 'alone: true', 'never-built: true']);
  });

  test('each lock is read once, until another version is published', async () => {
    await here.plan();
    await here.plan();
    expect(here.locksRead()).toBe(3);
    const second = updated(FIRST, 'ssl', '2', '');
    here.offer(second);
    await here.publish('mail', second, 2);
    expect(await here.plan()).toEqual(['web updated, ssl 1 → 2']);
    expect(here.locksRead()).toBe(4);
  });

  test('what is kept of the locks is made again where it was lost, and cleaning up leaves it', async () => {
    await here.plan();
    const before = (await here.ports.catalog.getDocument('plan:book')) as { digest: string };
    await here.ports.store.remove(before.digest);
    expect(await here.plan({ updates: { db: '9' } })).toEqual(['web updated, db 1 → 9']);
    const ports = { ...here.ports, clock: { now: () => 0 }, folders: { ...here.ports.folders, sweep: () => [] } };
    mkdirSync(here.ports.folders.cache, { recursive: true });
    await cleanUp(ports as never);
    await here.plan();
    expect(here.locksRead()).toBe(6);
  });

  test('an image whose lock is lost is told, and the others are planned for', async () => {
    const { lockDigest } = (await here.ports.catalog.getVersion('mail', 1))!;
    await here.ports.store.remove(lockDigest);
    expect(await here.plan({ updates: { ssl: '2' } })).toEqual(['web updated, ssl 1 → 2', 'mail troubled']);
  });

  describe('many images', () => {
    const many = Array.from({ length: WORTH_COMPARING }, (_, at) => `mail${at}`);
    const FIRST_OF_MANY: UniverseLine = { ...FIRST, ...Object.fromEntries(many.map((it) => [it, 'ssl'])) };
    const better = updated(FIRST_OF_MANY, 'small', '2', '; size 1');
    const wanted = ['web better, db 1 → -, small - → 2'];
    /** Images that are passed over without being resolved. */
    const passedOver = async () => {
      const { versions, universes } = await readBook(here.ports as never);
      const group = [...versions.values()];
      const archive = await openArchive(here.ports as never, group[0]!.os);
      const isUntouched = await untouchedSince(here.ports as never, group, universes, archive);
      const why = { kind: 'spec', field: 'application.packages' } as const;
      const packed = group.map((it) => ({
        ...{ name: it.image, resolution: it.resolution, closure: it.closure, others: it.others },
        roots: it.roots.map((relation) => ({ relation, why })),
      }));
      return packed.filter(isUntouched).map((it) => it.name);
    };

    beforeEach(async () => {
      here.offer(FIRST_OF_MANY);
      for (const image of [...many, 'web']) await here.publish(image, FIRST_OF_MANY, 2);
      expect(await here.plan()).toEqual([]);
    });

    test('those that nothing of a change leads to are passed over, and the others found all the same', async () => {
      here.offer(better);
      expect((await passedOver()).sort()).toEqual(['alone', 'mail', ...many].sort());
      expect(await here.plan()).toEqual(wanted);
      // One that is to be built was the least set under the index before, and is asked about again.
      expect(await passedOver()).not.toContain('web');
      expect(await here.plan()).toEqual(wanted);
    });

    test.each([
      { summary: 'is gone', harm: (path: string) => rmSync(path) },
      { summary: 'is cut off', harm: (path: string) => truncateSync(path, 100) },
      {
        summary: 'has other packages in it',
        harm: (path: string) => writeFileSync(path, readFileSync(path, 'latin1').replace('ssl', 'ssm'), 'latin1'),
      },
    ])('an earlier universe that $summary costs time alone', async ({ harm }) => {
      const folder = join(here.ports.folders.cache, 'universes');
      for (const name of readdirSync(folder)) harm(join(folder, name));
      here.offer(better);
      expect(await here.plan()).toEqual(wanted);
    });
  });

  describe('since', () => {
    const second: UniverseLine = updated(FIRST, 'ssl', '2', '');
    const third: UniverseLine = updated(second, 'db', '2', '; size 5');
    let digest: string;
    beforeEach(async () => {
      here.offer(second);
      digest = here.digest();
      await here.plan();
      here.offer(third);
    });

    test('without it, all that is behind', async () => {
      expect(await here.plan()).toEqual(['mail updated, ssl 1 → 2', 'web updated, db 1 → 2, ssl 1 → 2']);
    });

    test.each([
      { summary: 'the digest of an index that was seen', since: () => digest.slice(0, 12) },
      { summary: 'a date, for the newest before it', since: () => '2026-03-02T12:00:00Z' },
      {
        summary: 'a folder of Packages files',
        since: () => {
          const folder = join(here.folder, 'kept');
          mkdirSync(folder);
          writeFileSync(join(folder, 'bookworm_main_Packages'), packagesText(second));
          return folder;
        },
      },
    ])('$summary: only images that changed since', async ({ since }) => {
      expect(await here.plan({ since: since() })).toEqual(['web updated, db 1 → 2, ssl 1 → 2']);
    });

    test('an index that nobody saw is a fault that says what was seen', async () => {
      await expect(here.plan({ since: '2020-01-01' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        hint: expect.stringContaining('2026-03-02'),
      });
    });
  });
});
