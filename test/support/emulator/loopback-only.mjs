// Preloaded into every sandbox: a connection to anything but this machine and the hosts that the test allows ends at once.
import { subscribe } from 'node:diagnostics_channel';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

subscribe('net.client.socket', ({ socket }) => {
  socket.on('connectionAttempt', (address) => {
    // A path is a socket of this machine.
    if (!address.startsWith('/') && !LOOPBACK.test(address))
      socket.destroy(new Error(`refused: a function tried to reach ${address}`));
  });
});
