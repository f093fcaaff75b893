import { expect, test } from 'vitest';
import { unlz4 } from '../../../src/formats/archive/lz4.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test.each([
  { summary: 'a block that is not compressed', bytes: '04224d18 604082 03000080 616263 00000000', text: 'abc' },
  {
    summary: 'literals, then a match that overlaps itself',
    bytes: '04224d18 604082 0b000000 32 616263 0300 4063 6162 63 00000000',
    text: 'abcabcabccabc',
  },
  {
    summary: 'a size, sums of blocks and of the whole',
    bytes: '04224d18 7c40 0300000000000000 a7 03000080 616263 00000000 00000000 01020304',
    text: 'abc',
  },
  {
    summary: 'a match into the block before',
    bytes: '04224d18 404082 04000080 61626364 08000000 00 0400 4065 666768 00000000',
    text: 'abcdabcdefgh',
  },
  {
    summary: 'two frames, and one to skip',
    bytes: '04224d18 604082 01000080 61 00000000 502a4d18 02000000 ffff 04224d18 604082 01000080 62 00000000',
    text: 'ab',
  },
])('reads $summary', ({ bytes, text }) => {
  expect(unlz4(hex(bytes)).toString()).toBe(text);
});

test.each([
  { summary: 'no frame', bytes: '00000000', says: 'no frame at byte 0' },
  { summary: 'cut in a block', bytes: '04224d18 604082 09000080 6162', says: 'is cut' },
  { summary: 'cut before the end mark', bytes: '04224d18 604082 01000080 61', says: 'is cut' },
  {
    summary: 'a match before the beginning',
    bytes: '04224d18 604082 05000000 10 61 0900 00 00000000',
    says: 'is damaged',
  },
])('refuses $summary', ({ bytes, says }) => {
  expect(() => unlz4(hex(bytes))).toThrow(says);
});
