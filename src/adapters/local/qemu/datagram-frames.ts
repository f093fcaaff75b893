/** An address of the guest's network. */
export interface Peer {
  /** Ethernet address, 6 bytes. */
  readonly mac: Buffer;
  /** IPv4 address, 4 bytes. */
  readonly ip: Buffer;
  readonly port: number;
}

export interface Datagram {
  readonly from: Peer;
  readonly to: Peer;
  readonly payload: Buffer;
}

const ETHERNET = 14;
const IP = 20;
const UDP = 8;
const IPV4 = 0x0800;
const PROTOCOL_UDP = 17;
const NOT_A_FRAGMENT = 0x3fff;

/** An Ethernet frame with one whole IPv4 datagram (RFC 791, RFC 768); its UDP checksum is left out, as IPv4 allows. */
export function datagramFrame({ from, to, payload }: Datagram): Buffer {
  const frame = Buffer.alloc(ETHERNET + IP + UDP + payload.length);
  to.mac.copy(frame, 0);
  from.mac.copy(frame, 6);
  frame.writeUInt16BE(IPV4, 12);
  const ip = frame.subarray(ETHERNET);
  ip[0] = 0x45;
  ip.writeUInt16BE(ip.length, 2);
  ip[8] = 64;
  ip[9] = PROTOCOL_UDP;
  from.ip.copy(ip, 12);
  to.ip.copy(ip, 16);
  ip.writeUInt16BE(checksum(ip.subarray(0, IP)), 10);
  const udp = ip.subarray(IP);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(udp.length, 4);
  payload.copy(udp, UDP);
  return frame;
}

/** The datagram in a frame; undefined for all else, parts of larger ones among it. */
export function readDatagram(frame: Buffer): Datagram | undefined {
  if (frame.length < ETHERNET + IP + UDP || frame.readUInt16BE(12) !== IPV4) return undefined;
  const ip = frame.subarray(ETHERNET);
  const header = (ip[0]! & 15) * 4;
  if (ip[9] !== PROTOCOL_UDP || (ip.readUInt16BE(6) & NOT_A_FRAGMENT) !== 0) return undefined;
  const udp = ip.subarray(header, ip.readUInt16BE(2));
  if (udp.length < UDP || udp.readUInt16BE(4) < UDP) return undefined;
  return {
    from: { mac: frame.subarray(6, 12), ip: ip.subarray(12, 16), port: udp.readUInt16BE(0) },
    to: { mac: frame.subarray(0, 6), ip: ip.subarray(16, 20), port: udp.readUInt16BE(2) },
    payload: udp.subarray(UDP, udp.readUInt16BE(4)),
  };
}

/** RFC 1071, over an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A frame as QEMU's stream of frames has it: its length first, four bytes. */
export function packFrame(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

/** Whole frames of such a stream, and what remains of the last. */
export function unpackFrames(bytes: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let at = 0;
  while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}
