import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { datagramFrame, type Peer, packFrame, readDatagram, unpackFrames } from './datagram-frames.ts';
import { askMonitor } from './monitor.ts';

/** QEMU's user network: the gateway stands for every client, the guest has the first address and the first card's number. */
const GATEWAY = { mac: Buffer.from('52550a000202', 'hex'), ip: Buffer.from([10, 0, 2, 2]) };
const GUEST = { mac: Buffer.from('525400123456', 'hex'), ip: Buffer.from([10, 0, 2, 15]) };
const FIRST_CLIENT = 32_768;
const CLIENTS = 16_384;

interface Way {
  /** QEMU's name of it, and the socket in QEMU's folder. */
  readonly name: string;
  readonly filter: Readonly<Record<string, string>>;
}

/** Both ways; another process may have its own at the same machine. */
function ways(): [out: Way, into: Way] {
  const [out, into] = [`datagrams-out-${process.pid}`, `datagrams-in-${process.pid}`];
  return [
    { name: out, filter: { 'qom-type': 'filter-mirror', queue: 'rx', outdev: out } },
    { name: into, filter: { 'qom-type': 'filter-redirector', queue: 'tx', indev: into } },
  ];
}

export interface Forwarding {
  close(): Promise<void>;
  /** Settles when the machine has ended, or it was closed. */
  readonly ended: Promise<void>;
}

/**
 * Forwards datagrams from ports of 127.0.0.1 to the guest's of a running machine, and answers back, until it is closed. In a network that
 * reaches nothing QEMU drops what the guest sends by UDP; so its card's frames are copied to this process, and frames of this
 * process's own are handed to the card. A port that is taken is left out. `forwards`: port of 127.0.0.1 by the guest's.
 */
export async function forwardDatagrams(
  monitor: string,
  forwards: Readonly<Record<number, number>>,
): Promise<Forwarding> {
  const opened: { end(): unknown }[] = [];
  const [outward, inward] = ways();
  try {
    const out = await openWay(monitor, outward, opened);
    const into = await openWay(monitor, inward, opened);
    const clients = clientTable();
    for (const [guest, host] of Object.entries(forwards)) {
      const socket = await bound(host);
      if (!socket) continue;
      opened.push({ end: () => socket.close() });
      socket.on('message', (payload, remote) => {
        const from: Peer = { ...GATEWAY, port: clients.portOf(socket, remote) };
        into.write(packFrame(datagramFrame({ from, to: { ...GUEST, port: Number(guest) }, payload })));
      });
    }
    listen(out, clients);
    const ended = new Promise<void>((resolve) => out.once('close', () => resolve()));
    return { close: () => close(monitor, opened), ended };
  } catch (error) {
    await close(monitor, opened);
    throw error;
  }
}

async function openWay(monitor: string, { name, filter }: Way, opened: { end(): unknown }[]): Promise<Socket> {
  const data = {
    addr: { type: 'unix', data: { path: `${name}.sock` } },
    server: true,
    wait: false,
  };
  await askMonitor(monitor, 'chardev-add', { id: name, backend: { type: 'socket', data } });
  const socket = connect(join(dirname(monitor), `${name}.sock`));
  socket.on('error', () => undefined);
  socket.resume();
  opened.push({ end: () => socket.destroy() });
  await askMonitor(monitor, 'object-add', { id: `${name}-filter`, netdev: 'net', ...filter });
  return socket;
}

/** Undefined where the port is taken. */
function bound(port: number): Promise<DatagramSocket | undefined> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.bind(port, '127.0.0.1', () => {
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

interface Client {
  readonly socket: DatagramSocket;
  readonly remote: RemoteInfo;
}

/** Each client is a port of the gateway to the guest; the oldest gives way when all are in use. */
function clientTable() {
  const ports = new Map<string, number>();
  const clients = new Map<number, Client>();
  return {
    portOf(socket: DatagramSocket, remote: RemoteInfo): number {
      const key = `${socket.address().port} ${remote.address} ${remote.port}`;
      const port = ports.get(key) ?? FIRST_CLIENT + (ports.size % CLIENTS);
      ports.set(key, port);
      clients.set(port, { socket, remote });
      return port;
    },
    at: (port: number) => clients.get(port),
  };
}

function listen(out: Socket, clients: ReturnType<typeof clientTable>): void {
  let rest: Buffer = Buffer.alloc(0);
  out.on('data', (bytes: Buffer) => {
    const unpacked = unpackFrames(Buffer.concat([rest, bytes]));
    rest = unpacked.rest;
    for (const frame of unpacked.frames) {
      const datagram = readDatagram(frame);
      const client = datagram?.to.ip.equals(GATEWAY.ip) ? clients.at(datagram.to.port) : undefined;
      if (datagram && client) client.socket.send(datagram.payload, client.remote.port, client.remote.address);
    }
  });
}

/** What QEMU was given goes first: it writes to nobody's socket then. A machine that has ended took it along. */
async function close(monitor: string, opened: readonly { end(): unknown }[]): Promise<void> {
  for (const { name } of ways())
    await askMonitor(monitor, 'object-del', { id: `${name}-filter` }).catch(() => undefined);
  for (const it of opened) it.end();
  for (const { name } of ways()) await askMonitor(monitor, 'chardev-remove', { id: name }).catch(() => undefined);
}
