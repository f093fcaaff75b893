const KEY = `(?:server[._ ]|(?:[\\w-]+\\.)*(?:https?|server|listen|web|api)\\.)?(?:listen(?:[-_ ]?(?:on|port|tcp|address))?|(?:https?|tcp|bind|server|client|rpc|web|api)?[-_]?port|bind|addr|endpoint)`;
/** Between a setting and its value. */
export const SEPARATOR = String.raw`(?:\s*[:=]\s*|\s+)`;
/** `listen 80`, `port = 3306`, `"rpc-port": 9091`, `addr: :5000`, `-p 11211`, `listen-on port 53`, `bind *:80`, `<Connector port="80"`. */
const STATED = new RegExp(
  String.raw`^\s*(?:<(?:connector|listener)\s+)?["']?(?:${KEY}["']?${SEPARATOR}|-p\s*)["']?(?:port\s+)?(?:\S*:)?(\d{1,5})\b(?![.\d/])`,
  'i',
);
/** `<port>8000</port>` */
const ELEMENT = /^\s*<(?:[a-z]+-)?port>(\d{1,5})<\/(?:[a-z]+-)?port>/i;
/** `:80 {`, a site of a web server on all addresses. */
const SITE = /^\s*(?:https?:\/\/)?:(\d{1,5})(?:,\s*:\d+)*\s*\{/;

/** A port that a line of configuration states. */
export interface Stated {
  readonly port: number;
  /** Of the line's indentation. */
  readonly depth: number;
}

/** Ports that a text of configuration states. */
export function statedPorts(text: string): Stated[] {
  return text.split('\n').flatMap((line) => {
    const found = STATED.exec(line) ?? ELEMENT.exec(line) ?? SITE.exec(line);
    return found ? [{ port: Number(found[1]), depth: depthOf(line) }] : [];
  });
}

/** What is nested deeply is more often a part's, or a peer's. */
export function shallowestFirst(stated: readonly Stated[]): number[] {
  const deep = (it: Stated) => (it.depth > 2 ? 1 : 0);
  return stated.toSorted((a, b) => deep(a) - deep(b) || a.port - b.port).map((it) => it.port);
}

/** A part of the application with a file of its own that says that it is not used: once `enabled = no`, or `disable = yes` throughout. */
export function isSwitchedOff(text: string): boolean {
  const said = (pattern: RegExp) => [...text.matchAll(pattern)].map((it) => it[1]!.toLowerCase());
  const enabled = said(/^\s*enabled?\s*[:=]\s*["']?(\w+)/gim);
  const disabled = said(/^\s*disabled?\s*[:=]\s*["']?(\w+)/gim);
  if (enabled.length === 1 && /^(false|no|off)$/.test(enabled[0]!)) return true;
  return disabled.length > 0 && disabled.every((it) => /^(true|yes|on)$/.test(it));
}

/** Steps of indentation: of tabs, or of four blanks. */
function depthOf(line: string): number {
  const indent = /^\s*/.exec(line)![0];
  return indent.includes('\t') ? indent.replace(/ /g, '').length : Math.ceil(indent.length / 4);
}
