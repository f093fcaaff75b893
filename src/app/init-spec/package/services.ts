import type { DraftContext } from '../draft/draft.ts';

const PACKAGE = 'netbase';
const FILE = '/etc/services';

/** Ports that a service of services(5) has by UDP, some of them by TCP as well. */
export function datagramPortsIn(text: string): ReadonlySet<number> {
  return new Set([...text.matchAll(/^[^#\s]\S*\s+(\d+)\/udp\b/gm)].map(([, port]) => Number(port)));
}

/** The same of the archive's own list; empty where the archive has none. */
export async function datagramPorts({ ports, archive }: DraftContext): Promise<ReadonlySet<number>> {
  const record = archive.universe.candidate(PACKAGE);
  if (!record) return new Set();
  await ports.source.fetch([record], archive.indexes, ports.progress);
  const { data } = await ports.source.open(record);
  return data.lookup(FILE)?.type === 'file' ? datagramPortsIn(data.read(FILE).toString('utf8')) : new Set();
}
