import { expect, test } from 'vitest';
import { isKeyStore } from '../../../src/baker/prune/key-store.ts';

const jks = (entry: number) => `feedfeed00000002000000010000000${entry}${'00'.repeat(40)}`;
const pkcs12 = (bag: string) => `308201000201033082000006092a864886f70d010701${'00'.repeat(60)}${bag}`;

test.each([
  { summary: 'Java’s own with a key', hex: jks(1), want: true },
  { summary: 'Java’s own with certificates', hex: jks(2), want: false },
  { summary: 'PKCS#12 with a key', hex: pkcs12('060b2a864886f70d010c0a0102'), want: true },
  { summary: 'PKCS#12 without', hex: pkcs12('060b2a864886f70d010c0a0103'), want: false },
  { summary: 'something else', hex: '7f454c46'.padEnd(80, '0'), want: false },
])('$summary', ({ hex, want }) => expect(isKeyStore(Buffer.from(hex, 'hex'))).toBe(want));
