import { expect, test } from 'vitest';
import { portsHeard, reachablePorts } from '../../../../src/app/application/ports.ts';
import { imageSpec } from '../../../../src/model/spec.ts';

test.each([
  { summary: 'nothing, where the spec names it', heard: ['0.0.0.0:80', ':::80'], ports: [80], want: [] },
  {
    summary: 'a port that the spec does not name',
    heard: [':::389'],
    ports: [],
    want: ['it listens on 389: application.ports: [389]'],
  },
  {
    summary: 'a port that the spec names and nobody outside reaches',
    heard: ['127.0.0.1:6379', '::1:6379'],
    ports: [6379],
    want: ['it listens on 127.0.0.1:6379 only, which nobody outside reaches'],
  },
  { summary: 'nothing of what is for the machine itself', heard: ['127.0.0.1:9001'], ports: [80], want: [] },
  {
    summary: 'a port that the spec names and that is one of UDP',
    heard: [],
    udp: ['0.0.0.0:1812'],
    ports: [1812],
    want: ['it listens on 1812 by UDP, where no test by TCP can pass'],
  },
])('of ports is told $summary', ({ heard, udp = [], ports, want }) => {
  const spec = imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { unit: 'a.service' }, ports } });
  const lines = [...heard.map((it) => `${it} (tcp)`), ...udp.map((it) => `${it} (udp)`)];
  const console = lines.map((it) => `kiln: app listens on ${it}\r`).join('\n');
  expect(portsHeard(spec, console)).toEqual(want);
});

test.each([
  { summary: 'those of the spec', ports: [80], want: [80] },
  { summary: 'else those that a version was heard to open to others', ports: [], want: [9090, 53] },
])('a launched instance is reached on $summary', ({ ports, want }) => {
  const spec = imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { unit: 'a.service' }, ports } });
  const heard = [
    { port: 9090, protocol: 'tcp', address: '::' },
    { port: 53, protocol: 'tcp', address: '0.0.0.0' },
    { port: 53, protocol: 'udp', address: '0.0.0.0' },
    { port: 6060, protocol: 'tcp', address: '127.0.0.1' },
  ];
  expect(reachablePorts(spec, { listening: heard })).toEqual(want);
});
