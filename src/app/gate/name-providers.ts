import { KilnError } from '../../model/error.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Observation, RuleAnswer } from '../../validator/rule.ts';

type SourcePorts = Pick<Ports, 'source' | 'progress'>;

/** Where a path, a soname or a command may lie. */
export function placesOf(want: string): string[] {
  if (want.startsWith('/')) return [want];
  if (/\.so\b/.test(want)) return [`/usr/lib/x86_64-linux-gnu/${want}`, `/usr/lib/${want}`];
  return ['/usr/bin', '/usr/sbin'].map((folder) => `${folder}/${want}`);
}

/**
 * Says which package of the sources has what findings miss, where neither the image nor what configures it has it: by the archive's
 * Contents. Where these cannot be had, the findings stay as they are.
 */
export async function nameProviders(
  ports: SourcePorts,
  os: ImageSpec['os'],
  answers: Readonly<Record<string, RuleAnswer>>,
): Promise<Record<string, RuleAnswer>> {
  const unknown = Object.values(answers).flatMap((it) => (it.outcome === 'not-compliant' ? it.findings : []));
  const paths = [...new Set(unknown.filter(isUnknown).flatMap((it) => placesOf(wantedOf(it))))];
  const owners = paths.length === 0 ? new Map<string, string[]>() : await ownersOf(ports, os, paths);
  const named = (it: RuleAnswer): RuleAnswer =>
    it.outcome === 'not-compliant' ? { ...it, findings: it.findings.map((one) => nameProvider(one, owners)) } : it;
  return Object.fromEntries(Object.entries(answers).map(([key, it]) => [key, named(it)]));
}

/** Something is absent, and nobody at hand has it. */
const isUnknown = ({ seen, wanted, mend }: Observation): boolean =>
  seen === 'absent' && mend === undefined && /^[\w./+@-]+$/.test(wanted ?? '');

const wantedOf = ({ wanted = '' }: Observation): string => wanted;

async function ownersOf(
  { source, progress }: SourcePorts,
  os: ImageSpec['os'],
  paths: readonly string[],
): Promise<Map<string, string[]>> {
  try {
    return await source.owners(os, paths, progress);
  } catch (error) {
    if (error instanceof KilnError) return new Map();
    throw error;
  }
}

function nameProvider(finding: Observation, owners: ReadonlyMap<string, readonly string[]>): Observation {
  if (!isUnknown(finding)) return finding;
  const packages = [...new Set(placesOf(wantedOf(finding)).flatMap((it) => owners.get(it) ?? []))].sort();
  const [provider, ...others] = packages;
  if (provider === undefined) return finding;
  if (others.length > 0)
    return { ...finding, mend: `one of the packages ${packages.join(', ')} has it`, fix: undefined };
  return { ...finding, mend: `package ${provider} has it`, fix: { field: 'resolution.include', add: provider } };
}
