import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { ArtifactStore } from '../../src/ports/artifact-store.ts';

export interface StoreUnderTest {
  store: ArtifactStore;
  /** The same artifacts as another process sees them. */
  reopen(): ArtifactStore;
  /** Changes a stored artifact behind the store's back. */
  damage(digest: string): Promise<void>;
  close?(): Promise<void>;
}

/** What every ArtifactStore must do; `make` gives an empty one whose files of its own may lie in `folder`. */
export function artifactStoreContract(name: string, make: (folder: string) => Promise<StoreUnderTest>): void {
  describe(`${name} is an artifact store`, () => {
    let folder: string;
    let it: StoreUnderTest;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
      it = await make(folder);
    });
    afterAll(async () => {
      await it.close?.();
      rmSync(folder, { recursive: true, force: true });
    });
    const file = (text: string) => {
      const path = join(folder, `file-${sha256(text).slice(0, 8)}`);
      writeFileSync(path, text);
      return path;
    };

    test('bytes are found again by their SHA-256', async () => {
      const digest = await it.store.put({ bytes: Buffer.from('bytes') });
      expect(digest).toBe(sha256('bytes'));
      expect(await it.store.has(digest)).toBe(true);
      expect((await it.reopen().read(digest)).toString()).toBe('bytes');
    });

    test('a file is moved in', async () => {
      const path = file('of a file');
      const digest = await it.store.put({ path });
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
      expect(execFileSync('cat', [await it.reopen().path(digest)]).toString()).toBe('of a file');
    });

    test('putting twice is putting once, also at the same time', async () => {
      const digests = await Promise.all([1, 2, 3].map(() => it.store.put({ bytes: Buffer.from('thrice') })));
      await it.store.put({ path: file('thrice') });
      const found = [];
      for await (const artifact of it.store.list()) if (artifact.digest === digests[0]) found.push(artifact.sizeBytes);
      expect(found).toEqual([6]);
    });

    test('an empty one is one', async () => {
      expect((await it.store.read(await it.store.put({ bytes: Buffer.alloc(0) }))).length).toBe(0);
    });

    test('what is not there is NOT_FOUND', async () => {
      const digest = 'f'.repeat(64);
      expect(await it.store.has(digest)).toBe(false);
      await expect(it.store.path(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(it.store.read(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await it.store.remove(digest);
    });

    test('a removed one is gone, from the list too', async () => {
      const digest = await it.store.put({ bytes: Buffer.from('to remove') });
      await it.store.remove(digest);
      expect(await it.store.has(digest)).toBe(false);
      for await (const artifact of it.store.list()) expect(artifact.digest).not.toBe(digest);
    });

    test('a changed one is noticed, and putting it again mends it', async () => {
      const digest = await it.store.put({ bytes: Buffer.from('to damage') });
      await it.damage(digest);
      await expect(it.reopen().read(digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
      await expect(it.store.path(digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
      await it.store.put({ bytes: Buffer.from('to damage') });
      expect((await it.reopen().read(digest)).toString()).toBe('to damage');
    });

    test('a file with holes keeps them', async () => {
      const path = join(folder, 'sparse');
      execFileSync('truncate', ['-s', '64M', path]);
      execFileSync('dd', [
        'if=/dev/urandom',
        `of=${path}`,
        'bs=4096',
        'count=1',
        'seek=1000',
        'conv=notrunc',
        'status=none',
      ]);
      const stored = statSync(await it.store.path(await it.store.put({ path })));
      expect(stored.size).toBe(64 << 20);
      expect(stored.blocks * 512).toBeLessThan(1 << 20);
    });
  });
}
