import { expect, test } from 'vitest';
import { pageOf } from '../../../src/adapters/aws/s3-list.ts';

const object = (key: string) =>
  `<Contents><Key>${key}</Key><LastModified>2026-03-01T10:00:00.000Z</LastModified><ETag>&quot;ab&quot;</ETag><Size>3</Size></Contents>`;
const list = (...parts: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="x"><Name>b</Name>${parts.join('')}</ListBucketResult>`;

test.each([
  { summary: 'nothing', xml: list('<KeyCount>0</KeyCount>'), keys: [], next: undefined },
  { summary: 'one object', xml: list(object('a/b')), keys: ['a/b'], next: undefined },
  {
    summary: 'a page of more',
    xml: list(
      '<IsTruncated>true</IsTruncated>',
      object('a'),
      object('b'),
      '<NextContinuationToken>1/x=&amp;</NextContinuationToken>',
    ),
    keys: ['a', 'b'],
    next: '1/x=&',
  },
  {
    summary: 'characters that XML writes otherwise',
    xml: list(object('a&amp;b &lt;c&gt; &#228;&#x1F600;')),
    keys: ['a&b <c> ä😀'],
    next: undefined,
  },
  {
    summary: 'over several lines',
    xml: list(`\n  ${object('a').replaceAll('><', '>\n    <')}\n`),
    keys: ['a'],
    next: undefined,
  },
])('a list of a bucket: $summary', ({ xml, keys, next }) => {
  const page = pageOf(xml);
  expect([page.objects.map((it) => it.key), page.next]).toEqual([keys, next]);
  for (const it of page.objects) expect([it.tag, it.changedAt]).toEqual(['"ab"', Date.parse('2026-03-01T10:00:00Z')]);
});
