import { type Listening, listeningIn } from '../../formats/system/console-listening.ts';
import type { ImageSpec } from '../../model/spec.ts';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** The ports of `application.ports`; where the spec names none, those that a version was heard to open to others in its test. */
export function reachablePorts(
  { application: { ports } }: Pick<ImageSpec, 'application'>,
  facts: Readonly<Record<string, unknown>>,
): readonly number[] {
  if (ports.length > 0) return ports;
  const heard = (facts.listening ?? []) as readonly Listening[];
  return [...new Set(heard.filter(({ address }) => !LOOPBACK.test(address)).map(({ port }) => port))];
}

/**
 * What a booted instance's console says of ports that the spec does not: open ones of TCP that are not in `application.ports`, and
 * those in it that only the machine itself reaches, or only by UDP. One sentence each.
 */
export function portsHeard({ application: { ports } }: Pick<ImageSpec, 'application'>, console: string): string[] {
  const heard = Map.groupBy(listeningIn(console), ({ port }) => port);
  return [...heard].flatMap(([port, all]) => sentenceFor(port, all, ports.includes(port)) ?? []);
}

function sentenceFor(port: number, all: readonly Listening[], isNamed: boolean): string | undefined {
  const byTcp = all.filter(({ protocol }) => protocol === 'tcp');
  if (byTcp.length === 0) return isNamed ? `it listens on ${port} by UDP, where no test by TCP can pass` : undefined;
  const isOpen = byTcp.some(({ address }) => !LOOPBACK.test(address));
  if (isOpen) return isNamed ? undefined : `it listens on ${port}: application.ports: [${port}]`;
  return isNamed ? `it listens on ${byTcp[0]!.address}:${port} only, which nobody outside reaches` : undefined;
}
