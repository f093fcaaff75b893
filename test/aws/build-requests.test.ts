import { describe, expect, test } from 'vitest';
import { requestsOf, vendorNotice } from '../../lambdas/start-build/build-requests.ts';

const event = (type: string, detail: unknown) => ({ id: 'e1', 'detail-type': type, detail });
const stored = (key: string) => event('Object Created', { bucket: { name: 'b' }, object: { key } });

describe('what an event asks to be built', () => {
  test.each([
    {
      summary: 'a request names the image',
      from: event('kiln.build.requested', { image: 'web' }),
      want: [{ image: 'web', cause: { kind: 'request' } }],
    },
    {
      summary: 'a request may say why',
      from: event('kiln.build.requested', { image: 'web', cause: { kind: 'schedule' } }),
      want: [{ image: 'web', cause: { kind: 'schedule' } }],
    },
    {
      summary: 'an updated component that names no images is asked of all',
      from: event('kiln.component.updated', { component: 'openssl' }),
      want: [],
      all: { kind: 'component', detail: 'openssl' },
    },
    {
      summary: 'an updated component that names images is asked of them',
      from: event('kiln.component.updated', { images: ['db'] }),
      want: [{ image: 'db', cause: { kind: 'component' } }],
    },
    {
      summary: 'a new spec makes its image known',
      from: stored('settings/images/new/image.yaml'),
      want: [
        {
          image: 'new',
          cause: { kind: 'request', detail: 'settings/images/new/image.yaml changed' },
          spec: 'settings/images/new/image.yaml',
        },
      ],
    },
    {
      summary: 'a file beside a spec builds that image',
      from: stored('settings/images/web/app/index.html'),
      want: [{ image: 'web', cause: { kind: 'request', detail: 'settings/images/web/app/index.html changed' } }],
    },
    {
      summary: 'a policy calls for none: what there is is judged again',
      from: stored('settings/policies/own.yaml'),
      want: [],
    },
    {
      summary: 'so do the accounts',
      from: stored('settings/accounts.yaml'),
      want: [],
    },
    {
      summary: 'a lock that a build wrote calls for no other build',
      from: stored('settings/images/web/image.lock'),
      want: [],
    },
    { summary: 'apt’s configuration calls for none', from: stored('settings/apt/etc/apt/sources.list'), want: [] },
    { summary: 'an event of another kind calls for none', from: event('image.published', { image: 'web' }), want: [] },
  ])('$summary', ({ from, want, all }) => {
    expect(requestsOf(from)).toEqual({ eventId: 'e1', requests: want, ...(all ? { all } : {}) });
  });

  test('a vendor’s notice by SNS names AMIs, in whatever form', () => {
    const Message = JSON.stringify({ v1: { Regions: { 'eu-west-1': [{ ImageId: 'ami-0a1b2c3d4e5f60718' }] } } });
    const from = { Type: 'Notification', MessageId: 'm1', TopicArn: 'arn:aws:sns:us-east-1:1:updates', Message };
    expect(vendorNotice(from)).toEqual({ eventId: 'm1', topic: 'updates', amis: new Set(['ami-0a1b2c3d4e5f60718']) });
    expect(vendorNotice(event('kiln.build.requested', { image: 'web' }))).toBeUndefined();
  });

  test.each([
    {
      summary: 'without an identifier',
      from: { 'detail-type': 'kiln.build.requested', detail: { image: 'web' } },
      says: /id/,
    },
    { summary: 'without an image', from: event('kiln.build.requested', {}), says: /image/ },
    {
      summary: 'with a path for an image',
      from: event('kiln.build.requested', { image: '../x' }),
      says: /image’s name/,
    },
    { summary: 'that is a number', from: 7, says: /event/ },
  ])('an event $summary is refused', ({ from, says }) => {
    expect(() => requestsOf(from)).toThrow(says);
  });
});
