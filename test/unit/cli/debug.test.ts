import { expect, test } from 'vitest';
import { debugCommandLine, debugInitrd } from '../../../src/cli/debug/debug-machine.ts';

test('a debug boot goes through its own inits and ends at the image’s', () => {
  const words = debugCommandLine('root=UUID=1 quiet init=/usr/lib/kiln/init').split(' ');
  expect(words).toEqual([
    'root=UUID=1',
    'quiet',
    'kiln.init=/usr/lib/kiln/init',
    'init=/dev/kiln-debug/init',
    'rdinit=/debug-init',
  ]);
});

test('its tools stand behind the image’s initrd, where the kernel looks for a further archive', () => {
  const initrd = debugInitrd(Buffer.from('12345'));
  expect(initrd.subarray(0, 8).toString('latin1')).toBe('12345\0\0\0');
  expect(initrd.subarray(8, 14).toString('latin1')).toBe('070701');
});
