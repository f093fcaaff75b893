import { expect, test } from 'vitest';
import { listeningIn } from '../../../src/formats/system/console-listening.ts';

test('what a console says of addresses that are listened on, each once', () => {
  const console = [
    'kiln: nginx runs',
    'kiln: nginx listens on 0.0.0.0:80 (tcp)\r',
    'kiln: listened on 0.0.0.0:80 (tcp)',
    'kiln: listened on :::443 (tcp)',
    'kiln: listened on 127.0.0.1:53 (udp)',
    'somebody said: kiln: x listens on 0.0.0.0:1 (tcp)',
  ].join('\n');
  expect(listeningIn(console)).toEqual([
    { port: 53, protocol: 'udp', address: '127.0.0.1' },
    { port: 80, protocol: 'tcp', address: '0.0.0.0' },
    { port: 443, protocol: 'tcp', address: '::' },
  ]);
});
