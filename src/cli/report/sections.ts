import type { ImageReport } from '../../app/report/image-report.ts';
import type { AccessAction, Decision } from '../../model/access.ts';
import type { Finding, Verdict } from '../../model/finding.ts';
import { formatBytes } from '../style.ts';
import { type Html, html, tableOf } from './html.ts';
import { drawTimeline } from './timeline.ts';
import { type Cell, drawTreemap } from './treemap.ts';

const LAYERS = {
  closure: 'the application’s relations',
  evidence: 'on evidence of a file',
  boot: 'to boot',
  own: 'of your own, or made while configuring',
};

/** The disk by package, as a treemap; the boot file with kernel and initrd is one cell. */
export function contentsSection(report: ImageReport): Html | undefined {
  const cells = cellsOf(report);
  if (cells.length === 0) return undefined;
  const legend = Object.entries(LAYERS).map(([kind, text]) => html`<span><i class="${kind}"></i>${text}</span> `);
  return html`<p class="legend">${legend}</p>${drawTreemap(cells)}`;
}

function cellsOf({ packages, ownBytes, version }: ImageReport): Cell[] {
  const { ukiBytes } = version.facts;
  const cells: Cell[] = packages.map(({ name, bytes, layer, why, files, version: number }) => ({
    label: name,
    bytes,
    kind: layer,
    detail: `${number}, ${files} files\n${why.slice(0, 3).join('\n')}`,
  }));
  if (typeof ukiBytes === 'number') {
    cells.push({
      label: 'kernel and initrd',
      bytes: ukiBytes,
      kind: 'boot',
      detail: 'one file of the EFI system partition',
    });
  }
  cells.push({ label: 'no package’s', bytes: ownBytes, kind: 'own', detail: LAYERS.own });
  return cells.filter((it) => it.bytes > 0);
}

interface Removal {
  readonly what: string;
  readonly why: string;
  readonly files: number;
  readonly bytes: number;
}

export function removedSection({ version }: ImageReport): Html | undefined {
  const removed = (version.facts.tree as { removed?: readonly Removal[] } | undefined)?.removed;
  if (!removed || removed.length === 0) return undefined;
  const rows = [...removed]
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ what, why, files, bytes }) => [what, why, String(files), formatBytes(bytes)]);
  return tableOf(['what', 'why', 'files>', 'size>'], rows);
}

/** One row an account and region: what it may do by the last decision on each, and whether a grant is in force. */
export function accessSection({ decisions, summary }: ImageReport): Html | undefined {
  const granted = summary.grants.map((it) => `${it.account} ${it.region}`);
  const decided = Map.groupBy(decisions, (it) => `${it.account} ${it.region}`);
  const places = [...new Set([...decided.keys(), ...granted])].sort();
  if (places.length === 0) return undefined;
  const rows = places.map((place) => {
    const of = decided.get(place) ?? [];
    const may = (action: AccessAction): Html | string => {
      const it = of.find((decision) => decision.action === action);
      return it ? mark(it.allowed, it.allowed ? 'yes' : 'no') : '';
    };
    const told = of.find((it) => it.action === 'launch') ?? of[0];
    const [account = '', region = ''] = place.split(' ');
    const grant = granted.includes(place) ? 'in force' : '';
    return [
      account,
      region,
      may('launch'),
      may('share'),
      may('copy'),
      grant,
      told?.reason ?? '',
      told ? policiesOf(told) : '',
    ];
  });
  return tableOf(['account', 'where', 'launch', 'share', 'copy', 'grant', 'reason', 'decided by'], rows);
}

const policiesOf = ({ policies }: Decision): string =>
  policies.map((it) => `${it.effect} ${it.id} (${it.file.split('/').at(-1)}:${it.line})`).join(', ');

const mark = (good: boolean, text: string): Html => html`<span class="${good ? 'good' : 'bad'}">${text}</span>`;

export function testsSection({ summary }: ImageReport): Html | undefined {
  if (summary.tests.length === 0) return undefined;
  const rows = summary.tests.map((it) => [it.name, mark(it.passed, it.passed ? 'passed' : 'failed'), it.detail ?? '']);
  const noticed = summary.noticed.map((it) => html`<li>${it}</li>`);
  return html`${tableOf(['test', 'result', ''], rows)}${noticed.length > 0 ? html`<ul>${noticed}</ul>` : undefined}`;
}

export function checksSection({ verdicts }: ImageReport): Html | undefined {
  if (verdicts.length === 0) return undefined;
  const packs = [...Map.groupBy(verdicts, (it) => it.pack)].map(([pack, of]) => {
    const count = (outcome: Verdict['outcome']) => String(of.filter((it) => it.outcome === outcome).length);
    return [pack, count('compliant'), count('not-compliant'), count('not-applicable')];
  });
  const findings = verdicts.flatMap((it) => it.findings.map((finding) => findingRow(it, finding)));
  const list =
    findings.length > 0 ? tableOf(['rule', 'severity', 'mode', 'place', 'finding', 'what to do'], findings) : undefined;
  return html`${tableOf(['pack', 'hold>', 'do not hold>', 'do not apply>'], packs)}${list}`;
}

function findingRow({ mode }: Verdict, { rule, severity, file, message, mend, waived }: Finding): string[] {
  const answer = waived ? `waived by ${waived.owner} until ${waived.expires}: ${waived.reason}` : (mend ?? '');
  return [rule, severity, mode, file ?? '', message, answer];
}

export function vulnerabilitiesSection({ vulnerabilities }: ImageReport): Html | undefined {
  if (!vulnerabilities) return undefined;
  if (vulnerabilities.length === 0) return html`<p>None, by the advisories that its policies name.</p>`;
  const rows = vulnerabilities.map((it) => [it.id, it.severity, it.package, it.version, it.fixedIn || 'nowhere yet']);
  return tableOf(['vulnerability', 'severity', 'package', 'version of its source', 'fixed in'], rows);
}

export function changesSection({ since }: ImageReport): Html | undefined {
  if (!since) return undefined;
  const { changes, beforeKiB, afterKiB } = since.difference;
  if (changes.length === 0) return html`<p>The same packages as version ${since.version}.</p>`;
  const rows = changes.map((it) => [it.name, it.kind, it.before?.version ?? '', it.after?.version ?? '', it.cause]);
  const sizes = `Against version ${since.version}: ${formatBytes(beforeKiB * 1024)} → ${formatBytes(afterKiB * 1024)} as the packages state it.`;
  return html`<p>${sizes}</p>${tableOf(['package', 'change', 'before', 'now', 'cause'], rows)}`;
}

export function stepsSection({ summary }: ImageReport): Html | undefined {
  return summary.steps.length > 0 ? drawTimeline(summary.steps) : undefined;
}

export function packagesSection({ packages }: ImageReport): Html {
  const rows = packages.map((it) => [
    it.name,
    it.version,
    it.layer,
    String(it.files),
    formatBytes(it.bytes),
    it.why[0] ?? '',
  ]);
  return tableOf(['package', 'version', 'layer', 'files>', 'in the tree>', 'why'], rows);
}
