const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;

/** Decompresses LZ4 frames, one after the other, without holding them against their checksums. Throws Error for what is cut or damaged. */
export function unlz4(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const magic = readWord(bytes, at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) at += 8 + readWord(bytes, at + 4);
    else if (magic === MAGIC) at = readFrame(bytes, at + 4, blocks);
    else throw new Error(`lz4: no frame at byte ${at}`);
  }
  return Buffer.concat(blocks);
}

function readWord(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Error('lz4: the file is cut');
  return bytes.readUInt32LE(at);
}

/** Reads a frame's blocks (LZ4 frame format 1.6); returns where the frame ends. */
function readFrame(bytes: Buffer, start: number, blocks: Buffer[]): number {
  const flags = bytes[start] ?? 0;
  if (flags >> 6 !== 1) throw new Error('lz4: unknown version of the frame');
  const [linked, blockSums, size, sum, dictionary] = [0x20, 0x10, 0x08, 0x04, 0x01].map((it) => (flags & it) !== 0);
  if (dictionary) throw new Error('lz4: the frame needs a dictionary');
  // Blocks may refer to what the 64 KiB before them hold, unless the frame says that they do not.
  let window: Buffer = Buffer.alloc(0);
  let at = start + (size ? 11 : 3);
  for (;;) {
    const word = readWord(bytes, at);
    at += 4;
    if (word === 0) return at + (sum ? 4 : 0);
    const length = word & 0x7fffffff;
    if (at + length > bytes.length) throw new Error('lz4: the file is cut');
    const data = bytes.subarray(at, at + length);
    const block = word >>> 31 === 1 ? data : readBlock(data, linked ? Buffer.alloc(0) : window);
    blocks.push(block);
    window = Buffer.concat([window, block]).subarray(-65_536);
    at += length + (blockSums ? 4 : 0);
  }
}

/** Largest block that a frame may have. */
const BLOCK = 4 << 20;

function readBlock(data: Buffer, window: Buffer): Buffer {
  const out = Buffer.allocUnsafe(window.length + BLOCK);
  window.copy(out);
  let to = window.length;
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15 ? 255 : 0; more === 255; length += more) more = data[at++] ?? 0;
    return length;
  };
  while (at < data.length) {
    const token = data[at++]!;
    const literals = lengthFrom(token >> 4);
    if (at + literals > data.length || to + literals > out.length) throw new Error('lz4: a block is damaged');
    to += data.copy(out, to, at, at + literals);
    at += literals;
    if (at >= data.length) break;
    const distance = data[at]! | ((data[at + 1] ?? 0) << 8);
    at += 2;
    const length = lengthFrom(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > out.length) throw new Error('lz4: a block is damaged');
    // Byte by byte, since what is copied may be what was written just now.
    for (let i = 0; i < length; i += 1, to += 1) out[to] = out[to - distance]!;
  }
  return Buffer.from(out.subarray(window.length, to));
}
