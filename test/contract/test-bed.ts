import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageTest } from '../../src/model/spec.ts';
import type { Instance, LaunchRequest, TestBed } from '../../src/ports/test-bed.ts';

export interface BedUnderTest {
  bed: TestBed;
  /** Launches an image whose web server on port 80 answers `text` at `/`. */
  request: LaunchRequest;
  text: string;
  close?(): Promise<void>;
}

/** What every TestBed must do. */
export function testBedContract(name: string, make: () => Promise<BedUnderTest>): void {
  describe(`${name} is a test bed`, () => {
    let it: BedUnderTest;
    let instance: Instance;
    beforeAll(async () => {
      it = await make();
      instance = await it.bed.launch(it.request);
    }, 300_000);
    afterAll(async () => {
      if (instance) await it.bed.stop(instance, 0);
      await it?.close?.();
    });
    const probe = (wanted: object) => it.bed.probe(instance, imageTest.parse(wanted));

    test('an image that boots answers, and how long that took is measured from its launch', async () => {
      const result = await probe({ http: { port: 80, body: it.text } });
      expect(result.detail).toBeUndefined();
      expect(result).toMatchObject({ name: 'GET / on port 80', passed: true });
      expect(result.firstSuccessMs).toBeGreaterThan(0);
    }, 240_000);

    test('a launch with the same key gives the same instance', async () => {
      expect(await it.bed.launch(it.request)).toEqual(instance);
      expect((await it.bed.running()).map((one) => one.id)).toEqual([instance.id]);
    });

    test.each([
      { summary: 'another status', test: { timeout: '4s', http: { path: '/none' } }, why: 'status 404, wanted 200' },
      { summary: 'another text', test: { timeout: '4s', http: { body: 'absent' } }, why: 'does not contain "absent"' },
      { summary: 'a line that is not there', test: { timeout: '4s', console: { line: '^absent$' } }, why: 'no line' },
      {
        summary: 'a command that fails',
        test: { timeout: '4s', command: { run: ['sh', '-c', 'echo no luck; exit 3'] } },
        why: 'status 3: no luck',
      },
    ])(
      'a test fails with its reason: $summary',
      async ({ test: wanted, why }) => {
        const result = await probe(wanted);
        expect(result.passed).toBe(false);
        expect(result.detail).toContain(why);
      },
      240_000,
    );

    test.each([
      { summary: 'TCP that accepts', test: { tcp: { port: 80 } } },
      { summary: 'TCP that answers', test: { tcp: { port: 80, send: 'GET / HTTP/1.0\r\n\r\n', expect: '200 OK' } } },
      {
        summary: 'a command that is told where the instance is',
        test: { command: { run: ['sh', '-c', 'echo at {host} {port:80}'], output: 'at ' } },
      },
    ])(
      'a test passes: $summary',
      async ({ test: wanted }) => {
        expect(await probe(wanted)).toMatchObject({ passed: true });
      },
      240_000,
    );

    test('a test that cannot be run here says what is missing', async () => {
      const wanted = { command: { run: ['/nowhere/client'], packages: ['some-client'] } };
      await expect(probe(wanted)).rejects.toMatchObject({
        code: 'HOST_NOT_READY',
        hint: expect.stringContaining('some-client'),
      });
      await expect(probe({ tcp: { port: 81 } })).rejects.toMatchObject({ code: 'SPEC_INVALID' });
    }, 240_000);

    test('stopped, it ends cleanly, once and for all, and its console is still there', async () => {
      expect(await it.bed.stop(instance)).toEqual({ clean: true });
      expect(await it.bed.stop(instance)).toEqual({ clean: true });
      expect(await it.bed.running()).toEqual([]);
      expect(await it.bed.console(instance)).toMatch(/\S/);
      expect(await probe({ timeout: '30s', http: {} })).toMatchObject({ passed: false });
    }, 60_000);

    test('launched once more with the key of one that ended, another one runs', async () => {
      instance = await it.bed.launch(it.request);
      expect((await it.bed.running()).map((one) => one.id)).toEqual([instance.id]);
      expect(await it.bed.launch(it.request)).toEqual(instance);
    }, 60_000);
  });
}
