/** An address that something in a machine listened on. */
export interface Listening {
  readonly port: number;
  /** tcp or udp. */
  readonly protocol: string;
  /** As the machine's own tools write it: 0.0.0.0, 127.0.0.1, ::, … */
  readonly address: string;
}

/** What Kiln's runtime said on a console of the addresses that are listened on, each once, by port. */
export function listeningIn(console: string): Listening[] {
  const found = new Map<string, Listening>();
  for (const match of console.matchAll(/^kiln: (?:\S+ listens|listened) on (\S+):(\d+) \((tcp|udp)\)\r?$/gm)) {
    const [, address, port, protocol] = match as unknown as [string, string, string, string];
    found.set(`${protocol} ${address} ${port}`, { port: Number(port), protocol, address });
  }
  return [...found.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}
