import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  datagramFrame,
  packFrame,
  readDatagram,
  unpackFrames,
} from '../../../src/adapters/local/qemu/datagram-frames.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((it) => Buffer.from(it));
const peer = fc.record({ mac: bytes(6), ip: bytes(4), port });
const payload = fc.uint8Array({ maxLength: 1_400 }).map((it) => Buffer.from(it));

test('a datagram in a frame is read as it was', () => {
  fc.assert(
    fc.property(peer, peer, payload, (from, to, content) => {
      expect(readDatagram(datagramFrame({ from, to, payload: content }))).toEqual({ from, to, payload: content });
    }),
  );
});

test('the header is one that any stack accepts', () => {
  const from = { mac: Buffer.from('52550a000202', 'hex'), ip: Buffer.from([10, 0, 2, 2]), port: 32_768 };
  const to = { mac: Buffer.from('525400123456', 'hex'), ip: Buffer.from([10, 0, 2, 15]), port: 53 };
  expect(datagramFrame({ from, to, payload: Buffer.from('hi') }).toString('hex')).toBe(
    `525400123456${'52550a000202'}0800${'4500001e000000004011'}62bf${'0a0002020a00020f'}${'80000035000a0000'}6869`,
  );
});

test.each([
  { summary: 'a frame of another kind', edit: (frame: Buffer) => frame.writeUInt16BE(0x0806, 12) },
  { summary: 'another protocol', edit: (frame: Buffer) => frame.writeUInt8(6, 23) },
  { summary: 'a part of a larger one', edit: (frame: Buffer) => frame.writeUInt16BE(0x2000, 20) },
])('no datagram is read from $summary', ({ edit }) => {
  const one = { mac: Buffer.alloc(6), ip: Buffer.alloc(4), port: 1 };
  const frame = datagramFrame({ from: one, to: one, payload: Buffer.from('x') });
  edit(frame);
  expect(readDatagram(frame)).toBeUndefined();
});

test('frames are the same wherever their stream is cut', () => {
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 4 }), fc.nat(6_000), (contents, at) => {
      const stream = Buffer.concat(contents.map(packFrame));
      const first = unpackFrames(stream.subarray(0, at));
      const second = unpackFrames(Buffer.concat([first.rest, stream.subarray(at)]));
      expect([...first.frames, ...second.frames]).toEqual(contents);
      expect(second.rest).toHaveLength(0);
    }),
  );
});
