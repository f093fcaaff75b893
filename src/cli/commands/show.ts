import { parseReference, requireVersion } from '../../app/gate/image-reference.ts';
import { setOfLock } from '../../app/prove/resolve-spec.ts';
import { readLock, readReport } from '../../app/sources/stored-documents.ts';
import { summarize } from '../../app/steps/summary.ts';
import type { ImageVersion } from '../../model/build.ts';
import type { Finding } from '../../model/finding.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { Answer, CommandModule } from '../command.ts';
import { renderSummary } from '../render-summary.ts';
import { formatBytes, type Style, table } from '../style.ts';

const MOST_FINDINGS = 20;

/** `kiln show IMAGE[@VERSION]`: what is in it, what was checked, and who may have it. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS')
      .option('--packages', 'list its packages, each with its layer');
  },

  async run({ args: [image], options, kiln: open, style }): Promise<Answer> {
    const { ports } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const summary = await summarize(ports, version.buildId);
    const findings = await findingsOf(ports.store, version);
    const packages = options.packages === true ? await packagesOf(ports.store, version) : undefined;
    const state = version.state === 'available' ? [] : [`${version.image}@${version.version} is ${version.state}`];
    const lines = packages
      ? renderPackages(packages, style)
      : [...state, ...renderSummary(summary, style), ...renderFindings(findings, version)];
    // The list beside the counts, which `packages` has in either case.
    return { data: { ...summary, version, findings, packageList: packages }, lines };
  },
};

type Packages = ReturnType<typeof setOfLock>['packages'];

async function packagesOf(store: ArtifactStore, { lockDigest }: ImageVersion): Promise<Packages> {
  return setOfLock(await readLock(store, lockDigest)).packages;
}

/** Where rules do not hold that only warn. */
async function findingsOf(store: ArtifactStore, { facts }: ImageVersion): Promise<Finding[]> {
  if (typeof facts.reportDigest !== 'string') return [];
  const report = await readReport(store, facts.reportDigest);
  return report.verdicts.flatMap((it) => (it.outcome === 'not-compliant' ? it.findings : []));
}

function renderPackages(packages: Packages, style: Style): string[] {
  const rows = packages.map((it) => [
    it.name,
    it.version,
    it.files ? `${it.files.length} files` : formatBytes(it.installedSizeKiB * 1024),
    it.layer,
  ]);
  return table(['package', 'version', 'size>', 'layer'], rows, style);
}

function renderFindings(findings: readonly Finding[], { facts }: ImageVersion): string[] {
  const shown = findings.slice(0, MOST_FINDINGS).map((it) => {
    const place = it.file ? `${it.file}: ` : '';
    return `  ${it.rule} (${it.severity}): ${place}${it.message}${it.waived ? `; waived by ${it.waived.owner}` : ''}`;
  });
  if (findings.length > MOST_FINDINGS) shown.push(`  and ${findings.length - MOST_FINDINGS} more`);
  const notHonoured = Array.isArray(facts.notHonoured) ? facts.notHonoured.map((it) => `  ${it}`) : [];
  return [
    ...(shown.length > 0 ? ['', 'rules that do not hold:', ...shown] : []),
    ...(notHonoured.length > 0 ? ['', 'settings of the unit that this init does not honour:', ...notHonoured] : []),
  ];
}
