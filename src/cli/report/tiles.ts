import type { ImageReport } from '../../app/report/image-report.ts';
import { formatBytes, formatDuration } from '../style.ts';
import { type Html, html } from './html.ts';

interface Tile {
  readonly value: string;
  readonly label: string;
  readonly bad?: boolean;
}

/** The numbers that people look for first. */
export function tilesOf(report: ImageReport): Html {
  const tiles = [
    packages(report),
    tree(report),
    disk(report),
    checks(report),
    tests(report),
    boot(report),
    access(report),
  ];
  const drawn = tiles.flatMap((it) =>
    it ? [html`<div class="tile${it.bad ? ' bad' : ''}"><b>${it.value}</b><span>${it.label}</span></div>\n`] : [],
  );
  return html`<div class="tiles">${drawn}</div>`;
}

function packages({ summary }: ImageReport): Tile | undefined {
  const known = summary.packages;
  if (!known) return undefined;
  const how = known.proven ? 'proven the least' : 'the least known, not proven';
  return { value: String(known.shipped), label: `packages; closure ${formatBytes(known.closureKiB * 1024)}, ${how}` };
}

function tree({ version }: ImageReport): Tile | undefined {
  const kept = (version.facts.tree as { kept?: { files: number; bytes: number } } | undefined)?.kept;
  return kept && { value: formatBytes(kept.bytes), label: `in ${kept.files} files of the root tree` };
}

function disk({ version }: ImageReport): Tile | undefined {
  const { allocatedBytes, diskBytes } = version.facts;
  if (typeof allocatedBytes !== 'number' || typeof diskBytes !== 'number') return undefined;
  return { value: formatBytes(allocatedBytes), label: `of a disk of ${formatBytes(diskBytes)} are used` };
}

function checks({ summary }: ImageReport): Tile | undefined {
  const known = summary.checks;
  if (!known) return undefined;
  const warned = known.notCompliant > 0 ? `, ${known.notCompliant} do not` : '';
  return { value: String(known.compliant), label: `rules hold${warned}` };
}

function tests({ summary }: ImageReport): Tile | undefined {
  const all = summary.tests.length;
  if (all === 0) return undefined;
  const passed = summary.tests.filter((it) => it.passed).length;
  return { value: `${passed} of ${all}`, label: 'tests pass against the booted image', bad: passed < all };
}

function boot({ summary }: ImageReport): Tile | undefined {
  if (summary.firstSuccessMs === undefined) return undefined;
  const where = summary.machine ? ` (${summary.machine})` : '';
  return { value: formatDuration(summary.firstSuccessMs), label: `from power on to the first answer${where}` };
}

function access({ summary }: ImageReport): Tile {
  const accounts = new Set(summary.grants.map((it) => it.account)).size;
  return { value: String(accounts), label: accounts === 1 ? 'account may launch it' : 'accounts may launch it' };
}
