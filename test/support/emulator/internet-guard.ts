import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** From now on a connection of this process to anything but this machine ends at once with an error; gives the way back. */
export function refuseTheInternet(): () => void {
  const guard = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.on('connectionAttempt', (address: string) => {
      // A path is a socket of this machine.
      if (!address.startsWith('/') && !LOOPBACK.test(address))
        socket.destroy(new Error(`refused: a test tried to reach ${address}`));
    });
  };
  subscribe('net.client.socket', guard);
  return () => unsubscribe('net.client.socket', guard);
}
