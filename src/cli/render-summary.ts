import type { BuildSummary } from '../app/steps/summary.ts';
import { formatBytes, formatDuration, type Style, table } from './style.ts';

interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** What a build came to, for a reader who never saw Kiln before. */
export function renderSummary(summary: BuildSummary, style: Style): string[] {
  return [
    ...headline(summary, style),
    ...contents(summary),
    ...proof(summary, style),
    ...access(summary),
    '',
    ...timing(summary, style),
  ];
}

function headline({ build, version }: BuildSummary, style: Style): string[] {
  const name = style.bold(version ? `${build.image}@${version.version}` : build.image);
  const detail = build.detail ? build.detail.split('\n') : [];
  switch (build.state) {
    case 'succeeded':
      return [`${style.green('✓')} ${name} is baked, proven and published as ${version?.imageId}`];
    case 'unchanged':
      return [`${style.green('✓')} ${name}: nothing changed, so there is nothing to bake`, ...detail.map(indent)];
    case 'refused':
      return [`${style.red('✗')} ${name} is refused, and nobody can launch it`, ...detail.map(indent)];
    default:
      return [`${name}: ${build.state}`, ...detail.map(indent)];
  }
}

function contents({ packages, version }: BuildSummary): string[] {
  if (!packages) return [];
  const { closure = 0, evidence = 0, boot = 0 } = packages.byLayer;
  const least = packages.proven ? 'proven to be the least' : 'the least known; not proven';
  const lines = [
    row(
      'packages',
      `${packages.shipped}: ${closure} of the application (${least}), ${evidence} on evidence, ${boot} to boot`,
    ),
    row('left out', leftOut(packages)),
  ];
  const facts = version?.facts ?? {};
  const { kept, staged } = (facts.tree ?? {}) as { kept?: Amount; staged?: Amount };
  if (kept && staged) {
    const out = `${formatBytes(staged.bytes - kept.bytes)} in ${staged.files - kept.files} files only served to configure it`;
    lines.push(row('files', `${kept.files} with ${formatBytes(kept.bytes)}; ${out}`));
  }
  if (typeof facts.allocatedBytes === 'number' && typeof facts.diskBytes === 'number') {
    const uses = `${formatBytes(facts.allocatedBytes)} of ${formatBytes(facts.diskBytes)} are used`;
    lines.push(row('disk', uses));
  }
  return lines;
}

function leftOut({ leftOut: count, essentialLeftOut }: NonNullable<BuildSummary['packages']>): string {
  const essential = essentialLeftOut.length;
  return `${count.toLocaleString('en')} packages of the archive${essential > 0 ? `, ${essential} Essential ones among them` : ''}`;
}

function proof({ build, checks, tests, noticed, machine, firstSuccessMs }: BuildSummary, style: Style): string[] {
  const lines: string[] = [];
  if (checks) {
    const failing = checks.notCompliant > 0 ? `, ${notCompliant(checks.notCompliant, build.state, style)}` : '';
    lines.push(row('checks', `${checks.compliant} hold${failing}, ${checks.notApplicable} do not apply`));
  }
  if (tests.length > 0) {
    const passed = tests.filter((it) => it.passed).length;
    lines.push(row('tests', `${passed} of ${tests.length} pass against the booted image`));
    for (const { name, detail, passed: ok } of tests) if (!ok) lines.push(indent(`${name}: ${detail ?? 'failed'}`));
  }
  lines.push(...noticed.map(indent));
  if (firstSuccessMs !== undefined) {
    lines.push(row('boot', `first answer ${formatDuration(firstSuccessMs)} after power on (${machine})`));
  }
  return lines;
}

// Of an image that is to be had, a rule that does not hold only warns.
function notCompliant(count: number, state: string, style: Style): string {
  return state === 'refused' ? style.red(`${count} not`) : style.yellow(`${count} warn`);
}

function access({ grants, refused }: BuildSummary): string[] {
  const may = grants.map((it) => `${it.account} (${it.reason})`);
  const lines = may.length > 0 ? [row('may launch', may[0]!), ...may.slice(1).map((it) => row('', it))] : [];
  // What the build decided may have been decided otherwise since then.
  const has = new Set(grants.map((it) => it.account));
  const not = refused.filter((it) => !has.has(it.account)).map((it) => `${it.account} (${it.reason})`);
  return [...lines, ...not.map((it, index) => row(index === 0 ? 'may not' : '', it))];
}

function timing({ steps }: BuildSummary, style: Style): string[] {
  const total = steps.reduce((sum, it) => sum + it.milliseconds, 0);
  const rows = steps.map((it) => [it.step, it.outcome, formatDuration(it.milliseconds), firstLine(it.detail)]);
  return table(['step', 'result', 'time>', ''], [...rows, ['all', '', formatDuration(total), '']], style);
}

function firstLine(text: string | undefined): string {
  return text?.split('\n')[0] ?? '';
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(11)} ${text}`;
}

function indent(text: string): string {
  return `    ${text}`;
}
