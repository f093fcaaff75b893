import { beforeEach, describe, expect, test } from 'vitest';
import type { ReleaseMemory, Remembered } from '../../src/adapters/local/apt/release-memory.ts';
import { sha256 } from '../../src/model/canonical.ts';

export interface MemoryPlace {
  /** The memory as a process of its own sees it. */
  open(): ReleaseMemory;
  /** Puts something that is no memory in the place of what is remembered of a suite. */
  damage(name: string): Promise<void>;
}

const SUITE = sha256('a suite');

const releaseOf = (date: number, signedText = `Date: ${date}`): Remembered => ({
  validators: { etag: `"${date}"` },
  inRelease: sha256(`signed ${signedText}`),
  keyring: sha256('keys'),
  text: sha256(signedText),
  date,
  origin: 'Debian',
  signedText,
});

/** What every memory of Releases does. */
export function releaseMemoryContract(kind: string, make: () => Promise<MemoryPlace>): void {
  describe(`memory of Releases: ${kind}`, () => {
    let place: MemoryPlace;
    beforeEach(async () => {
      place = await make();
    });

    test('nothing is known of a suite that nobody has seen', async () => {
      expect(await place.open().recall(SUITE)).toBeUndefined();
    });

    test('what one process remembers another one recalls, each suite apart', async () => {
      await place.open().remember(SUITE, releaseOf(1));
      await place.open().remember(sha256('other'), releaseOf(2));
      expect(await place.open().recall(SUITE)).toEqual(releaseOf(1));
    });

    test('of two processes the one that has seen the newer wins, whoever comes last', async () => {
      const [one, other] = [place.open(), place.open()];
      for (const it of [one, other]) expect(await it.recall(SUITE)).toBeUndefined();
      await one.remember(SUITE, releaseOf(3));
      await other.remember(SUITE, releaseOf(2));
      for (const it of [one, other, place.open()]) expect(await it.recall(SUITE)).toEqual(releaseOf(3));
      await other.remember(SUITE, releaseOf(4));
      for (const it of [one, other, place.open()]) expect(await it.recall(SUITE)).toEqual(releaseOf(4));
    });

    test('the same Release with other validators is remembered with them', async () => {
      const memory = place.open();
      await memory.remember(SUITE, releaseOf(1));
      const again = { ...releaseOf(1), validators: { etag: '"another"' } };
      await memory.remember(SUITE, again);
      expect(await place.open().recall(SUITE)).toEqual(again);
    });

    test('what is damaged counts as nothing, and is replaced', async () => {
      await place.open().remember(SUITE, releaseOf(1));
      await place.damage(SUITE);
      const memory = place.open();
      expect(await memory.recall(SUITE)).toBeUndefined();
      await memory.remember(SUITE, releaseOf(1));
      expect(await place.open().recall(SUITE)).toEqual(releaseOf(1));
    });
  });
}
