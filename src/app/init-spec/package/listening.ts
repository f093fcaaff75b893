import { parseUnit, splitUnitWords } from '../../../formats/system/unit.ts';
import type { ExtraFile } from '../../../model/spec.ts';
import type { DebContents } from '../../../ports/package-source.ts';
import { configurationCopies } from '../../../resolver/evidence/configuration-copies.ts';
import { isSwitchedOff, SEPARATOR, shallowestFirst, statedPorts } from './stated-ports.ts';

/** What a package's own files say about where its service listens. */
export interface Listening {
  /** TCP ports: what stands deep inside other settings last, else ascending. */
  readonly ports: readonly number[];
  /** Only a firewall's profile or a socket names them: what the service does by itself may be less. */
  readonly isOffer: boolean;
  /** Configuration files that keep it to the machine itself, without comments, all addresses in place of the loopback's. */
  readonly opened: readonly ExtraFile[];
  /** Places that keep it to the machine itself and are too long to repeat, such as `/etc/redis/redis.conf:87`. */
  readonly closed: readonly string[];
  /** Places that let in the machine itself alone, whatever it listens on, such as `/etc/munin/munin-node.conf:36`. */
  readonly letsIn: readonly string[];
}

// `server = 127.0.0.1` alone is as often somebody else, whom this one asks or lets in.
const OWN_ADDRESS = String.raw`(?:bind|listen)[-_.\w]*${SEPARATOR}(?:on\s+)?|(?:server|https?|web|rpc|admin)[-_.](?:bind|listen|host|addr|ip|interface)[-_.\w]*${SEPARATOR}|(?:host|address|interface)\s*[:=]\s*|-l\s*`;
/** In a variable that a unit gives its command: `OPTIONS="--listen=localhost"`. */
const OPTION = String.raw`[A-Z_]+=[^#]*--(?:bind|listen|host|address)[-\w]*[=\s]|[A-Z\d_]*(?:LISTEN|BIND)[A-Z\d_]*\s*=\s*`;
const LOOPBACK = new RegExp(
  String.raw`^\s*(?:${OWN_ADDRESS}|${OPTION})["']?(?:(?:127\.0\.0\.1|localhost)(?::\d+)?|\[?::1\]?)["']?(?=\s|;|$)`,
  'i',
);
/** Whom it lets in: `allow ^127\.0\.0\.1$`, `cidr_allow 127.0.0.1/32`, `"rpc-whitelist": "127.0.0.1"`, `Server=127.0.0.1`. */
const LETS_IN =
  /^\s*["']?(?:cidr_allow|allow(?:ed)?(?:[-_ ]?(?:from|hosts|ips?))?|hosts[-_ ]allow|(?:rpc-)?whitelist|only_from|Server)["']?\s*[:=\s]\s*["']?\^?([^\s"',;]+)/i;
const ITSELF = /^(?:127[\\.]|localhost|\[?::1)/;

/** A drafted file is read by people: a longer one is only pointed at. */
const LINES_AT_MOST = 30;

/** Reads configuration and the unit; only where they name no port, sockets and firewall profiles. Comments are examples as often as defaults. */
export function listeningOf(contents: readonly DebContents[], unit: string | undefined): Listening {
  const files = contents.flatMap(configurationFiles);
  const inFiles = files.filter((it) => !isSwitchedOff(it.text)).flatMap((it) => statedPorts(it.text));
  const inUnit = contents.flatMap((it) => unitPorts(it, unit)).map((port) => ({ port, depth: 0 }));
  const stated = [...inFiles, ...inUnit];
  const offered = contents.flatMap((it) => [...socketPorts(it), ...firewallPorts(it)]);
  const ports = stated.length > 0 ? shallowestFirst(stated) : offered.sort((a, b) => a - b);
  const kept = files.filter(({ text }) => !isSwitchedOff(text) && text.split('\n').some((line) => LOOPBACK.test(line)));
  const drafts = kept.map((file) => ({ file, lines: statements(file.text).map(openLine) }));
  const isShort = ({ lines }: { lines: readonly string[] }) => lines.length <= LINES_AT_MOST;
  return {
    ports: [...new Set(ports)].filter((it) => it > 0 && it < 65_536),
    isOffer: stated.length === 0,
    opened: drafts.filter(isShort).map(({ file, lines }) => fileOf(file, lines)),
    letsIn: files.flatMap(linesThatLetItselfIn),
    closed: drafts.filter((it) => !isShort(it)).flatMap(({ file }) => loopbackLines(file)),
  };
}

interface ConfigurationFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** Of other programs that look into this one's files, and what lies ready to be switched on. */
const NOT_READ =
  /^\/etc\/(init\.d|logrotate\.d|apparmor\.d|cron|ufw|fail2ban|rsyslog\.d|pam\.d|bash_completion\.d|logcheck)|-available\/(?!(\d+-)?default)|\/(examples?|samples?)\//;

function configurationFiles(contents: DebContents): ConfigurationFile[] {
  const { control, data } = contents;
  const conffiles = control.get('conffiles')?.toString('utf8').split('\n') ?? [];
  const laid = new Map([...conffiles.map((it) => [it, it] as const), ...copiedFiles(contents)]);
  return [...laid].flatMap(([path, source]) => {
    const entry = path.startsWith('/etc/') && !NOT_READ.test(path) ? data.lookup(source) : undefined;
    return entry?.type === 'file'
      ? [{ path, text: withoutXmlComments(data.read(source).toString('utf8')), mode: entry.mode }]
      : [];
  });
}

/** Configuration that a script copies from elsewhere in the package (`ucf`, `cp`, `install`): where to, from where. */
function copiedFiles({ control, data }: DebContents): [string, string][] {
  return configurationCopies(control.get('postinst')?.toString('utf8') ?? '').filter(
    ([, source]) => data.lookup(source)?.type === 'file',
  );
}

/** Lines stay where they are. */
function withoutXmlComments(text: string): string {
  return text.replace(/<!--.*?-->/gs, (comment) => comment.replace(/[^\n]+/g, ''));
}

/** Ports that the unit's command names: `-a :6081`, `--port 8080`, `--listen=0.0.0.0:80`. */
function unitPorts({ data }: DebContents, unit: string | undefined): number[] {
  const path = `/usr/lib/systemd/system/${unit}`;
  if (unit === undefined || data.lookup(path)?.type !== 'file') return [];
  const starts = parseUnit(data.read(path).toString('utf8')).filter((it) => it.key === 'ExecStart');
  return starts.flatMap(({ value }) => {
    const words = splitUnitWords(value);
    return words.flatMap((word, index) => {
      const found =
        /^-\S*(?:port|listen|address)\S*=(?:\S*:)?(\d{1,5})$/.exec(word) ??
        (/^-(?:[ap]|-\S*(?:port|listen|address))$/.test(words[index - 1] ?? '')
          ? /^(?:\S*:)?(\d{1,5})$/.exec(word)
          : null);
      return found ? [Number(found[1])] : [];
    });
  });
}

function socketPorts({ data }: DebContents): number[] {
  const folder = '/usr/lib/systemd/system';
  const sockets = data.list(folder).filter((it) => it.endsWith('.socket') && !it.includes('@'));
  return sockets
    .flatMap((it) =>
      data.lookup(`${folder}/${it}`)?.type === 'file' ? parseUnit(data.read(`${folder}/${it}`).toString('utf8')) : [],
    )
    .flatMap(({ key, value }) =>
      key === 'ListenStream' && /^(\S*:)?\d+$/.test(value) ? [Number(value.replace(/^.*:/, ''))] : [],
    );
}

/** `ports=` of the firewall profiles that many packages bring (ufw(8), APPLICATION INTEGRATION); ranges are left out. */
function firewallPorts({ data }: DebContents): number[] {
  const folder = '/etc/ufw/applications.d';
  return data.list(folder).flatMap((file) =>
    [
      ...data
        .read(`${folder}/${file}`)
        .toString('utf8')
        .matchAll(/^ports=(.*)$/gm),
    ]
      .flatMap(([, value]) => value!.split('|'))
      .filter((it) => !it.includes('/udp'))
      .flatMap((it) => it.replace(/\/.*$/, '').split(','))
      .filter((it) => /^\d+$/.test(it))
      .map(Number),
  );
}

function statements(text: string): string[] {
  return text.split('\n').filter((line) => !/^\s*([#;].*)?$/.test(line));
}

function openLine(line: string): string {
  return LOOPBACK.test(line) ? line.replace(/127\.0\.0\.1|localhost|\[?::1\]?/, '0.0.0.0') : line;
}

function fileOf({ path, mode }: ConfigurationFile, lines: readonly string[]): ExtraFile {
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  return { path, content: `${lines.join('\n')}\n`, mode: bits, owner: 'root', group: 'root' };
}

/** None where somebody else is let in as well. */
function linesThatLetItselfIn({ path, text }: ConfigurationFile): string[] {
  const said = text.split('\n').map((line) => LETS_IN.exec(line)?.[1]);
  const others = said.filter((it) => it !== undefined && !ITSELF.test(it));
  return others.length > 0 ? [] : said.flatMap((it, index) => (it === undefined ? [] : [`${path}:${index + 1}`]));
}

function loopbackLines({ path, text }: ConfigurationFile): string[] {
  return text.split('\n').flatMap((line, index) => (LOOPBACK.test(line) ? [`${path}:${index + 1}`] : []));
}
