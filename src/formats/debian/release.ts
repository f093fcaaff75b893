import { KilnError } from '../../model/error.ts';
import { parseStanzas, type Stanza } from './stanza.ts';

/** A file that a Release states: hex SHA-256 and bytes. */
export interface ReleaseFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What a Release says of one suite of an archive (Debian repository format, `Release` files). */
export interface Release {
  readonly origin: string;
  readonly label: string;
  readonly suite: string;
  readonly codename: string;
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly validUntil?: number;
  readonly notAutomatic: boolean;
  readonly butAutomaticUpgrades: boolean;
  readonly acquireByHash: boolean;
  /** Packages of architecture `all` are in each architecture's own index only. */
  readonly allInEachIndex: boolean;
  /** By path below the suite's folder, such as `main/binary-amd64/Packages.gz`. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/** Parses the signed text of a Release; `where` names it in faults. Throws INDEX_CORRUPT. */
export function parseRelease(text: string, where: string): Release {
  const stanza = parseStanzas(text, { name: where }).next().value ?? new Map<string, string>();
  const value = (field: string) => stanza.get(field)?.trim() ?? '';
  const validUntil = value('Valid-Until') === '' ? undefined : timeOf(value('Valid-Until'), 'Valid-Until', where);
  return {
    origin: value('Origin'),
    label: value('Label'),
    suite: value('Suite'),
    codename: value('Codename'),
    date: timeOf(value('Date'), 'Date', where),
    ...(validUntil === undefined ? {} : { validUntil }),
    notAutomatic: isYes(value('NotAutomatic')),
    butAutomaticUpgrades: isYes(value('ButAutomaticUpgrades')),
    acquireByHash: isYes(value('Acquire-By-Hash')),
    allInEachIndex:
      value('No-Support-for-Architecture-all').split(/\s+/).includes('Packages') ||
      !architectures(stanza).includes('all'),
    files: filesOf(value('SHA256'), where),
  };
}

/** apt's priority for packages of a Release: 500, or 100 or 1 where it says that they are not taken by themselves. */
export function priorityOf(release: Pick<Release, 'notAutomatic' | 'butAutomaticUpgrades'>): number {
  if (!release.notAutomatic) return 500;
  return release.butAutomaticUpgrades ? 100 : 1;
}

/** The release that a codename belongs to: `bookworm` for `bookworm-updates` and `bookworm/updates`. */
export function releaseOfCodename(codename: string): string {
  return codename.replace(/[-/].*$/, '');
}

function architectures(stanza: Stanza): string[] {
  return (stanza.get('Architectures') ?? '').trim().split(/\s+/);
}

function isYes(value: string): boolean {
  return /^(yes|true|1|on|with|enable)$/i.test(value);
}

function timeOf(text: string, field: string, where: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new KilnError('INDEX_CORRUPT', `${where} has ${field} ${JSON.stringify(text)}, which is no date`);
  }
  return time;
}

function filesOf(field: string, where: string): Map<string, ReleaseFile> {
  const files = new Map<string, ReleaseFile>();
  for (const line of field.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*([0-9a-f]{64})\s+(\d+)\s+(\S+)\s*$/.exec(line);
    if (!match) throw new KilnError('INDEX_CORRUPT', `${where} has ${JSON.stringify(line)} among its SHA256 lines`);
    files.set(match[3]!, { sha256: match[1]!, sizeBytes: Number(match[2]) });
  }
  if (files.size === 0) {
    throw new KilnError('INDEX_CORRUPT', `${where} states no SHA256 of any file`, {
      hint: 'the archive is too old or incomplete',
    });
  }
  return files;
}
