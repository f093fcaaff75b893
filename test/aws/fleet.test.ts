import { describe, expect, test } from 'vitest';
import { makeHandler as listFleet } from '../../lambdas/list-fleet/handler.ts';
import { makeHandler as startBuild } from '../../lambdas/start-build/handler.ts';

const cause = { kind: 'component', detail: 'openssl' };
const AMI = 'ami-0a1b2c3d4e5f60718';

/** The queue's function over images of these names, of which `parents` says on what they are made; tells what was started. */
function starting(names: readonly string[], parents: Readonly<Record<string, string>> = {}) {
  const started: unknown[] = [];
  const handler = startBuild({
    catalog: { listImages: async () => names.map((name) => ({ name, spec: '', addedAt: '' })) } as never,
    clock: { now: () => 0 },
    executions: {
      isRunning: async () => false,
      start: async (it) => void started.push(it),
      startFleet: async (it) => void started.push({ fleet: it }),
    },
    specs: { load: async (image: string) => ({ spec: { bake: { parent: parents[image] } } }) } as never,
    amiOf: async (parent) => (parent.startsWith('ssm:') ? AMI : parent),
  });
  const tell = async (message: unknown) => {
    const answer = await handler({ Records: [{ messageId: 'm', body: JSON.stringify(message) }] }, {} as never);
    expect(answer).toEqual({ batchItemFailures: [] });
    return started;
  };
  return tell;
}

const updated = (detail: object) => ({ id: 'e', 'detail-type': 'kiln.component.updated', detail });
const named = (count: number) => Array.from({ length: count }, (_, number) => `image-${number}`);

describe('an updated component', () => {
  test.each([
    { summary: 'of few images starts each', names: named(2), detail: { component: 'openssl' }, want: 2 },
    {
      summary: 'of many images starts a fleet of all',
      names: named(20),
      detail: { component: 'openssl' },
      fleet: 'all',
    },
    {
      summary: 'that names many images starts a fleet of them',
      names: named(30),
      detail: { component: 'openssl', images: named(25) },
      fleet: named(25),
    },
  ])('$summary', async ({ names, detail, want, fleet }) => {
    const started = await starting(names)(updated(detail));
    if (fleet) expect(started).toEqual([{ fleet: { images: fleet, cause, key: 'e' } }]);
    else expect(started).toHaveLength(want ?? 0);
  });
});

test('a vendor’s notice builds images on its AMIs, by number or by parameter, whether anything that is locked changed or not', async () => {
  const parents = { fixed: AMI, follows: 'ssm:/aws/service/vendor/12', other: 'ami-00000000000000000' };
  const notice = { Type: 'Notification', MessageId: 'm1', TopicArn: 'arn:aws:sns:us-east-1:1:updates', Message: AMI };
  const started = await starting(['fixed', 'follows', 'other', 'own'], parents)(notice);
  const why = { kind: 'component', detail: `updates: ${AMI}` };
  expect(started).toEqual([
    { image: 'fixed', cause: why, key: 'm1:fixed', force: true },
    { image: 'follows', cause: why, key: 'm1:follows', force: true },
  ]);
});

describe('a fleet', () => {
  const put: Record<string, unknown> = {};
  const handler = listFleet({
    catalog: { listImages: async () => named(50).map((name) => ({ name, spec: '', addedAt: '' })) },
    bucket: 'b',
    put: async (key, value) => void Object.assign(put, { [key]: value }),
  });
  const list = (request: unknown) => handler({ executionId: 'x', request } as never, {} as never);

  test('of all images lists them with the names of their executions, and says how many may fail', async () => {
    const answer = await list({ all: true });
    expect(answer).toMatchObject({ bucket: 'b', count: 50, toleratedFailures: 5 });
    const items = put[answer.list] as { image: string; name: string }[];
    expect(items).toHaveLength(50);
    expect(new Set(items.map((it) => it.name)).size).toBe(50);
    expect(await list({ all: true })).toEqual(answer);
  });

  test('of a few tolerates three failures', async () => {
    expect(await list({ images: ['image-1', 'image-1'] })).toMatchObject({ count: 1, toleratedFailures: 3 });
  });

  test.each([
    { summary: 'neither all nor some', request: {}, code: 'USAGE' },
    { summary: 'both', request: { all: true, images: ['image-1'] }, code: 'USAGE' },
    { summary: 'an image that nobody knows', request: { images: ['none'] }, code: 'NOT_FOUND' },
  ])('of $summary is refused', async ({ request, code }) => {
    await expect(list(request)).rejects.toMatchObject({ code });
  });
});
