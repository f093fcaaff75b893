import { isOnlyByManager } from '../../baker/runtime/manager-only.ts';
import { serviceLeftOut } from '../../baker/runtime/other-services.ts';
import type { Lock } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import { recommendedAbsent } from './recommended.ts';

/** What was left out of an image that failed its tests, and may be why; one sentence each, with what to add to the spec. */
export async function suspectsOf(
  { source }: { readonly source?: Pick<PackageSource, 'open'> },
  { spec, lock, baked }: { spec: ImageSpec; lock: Lock; baked: { facts: Readonly<Record<string, unknown>> } },
): Promise<string[]> {
  const notHonoured = (baked.facts.notHonoured ?? []) as readonly string[];
  const isSmall = spec.boot.init === 'busybox';
  const asked = isSmall ? notHonoured.filter(isOnlyByManager) : [];
  const others = isSmall ? notHonoured.flatMap((it) => serviceLeftOut(it) ?? []) : [];
  const recommended = source ? await recommendedAbsent(source, spec, lock) : [];
  return [
    ...(asked.length > 0 ? [`its unit says ${asked.join(', ')}, which this init does not do: boot.init: systemd`] : []),
    ...(others.length > 0
      ? [`${others.join(', ')} of its packages is not started by this init: boot.init: systemd`]
      : []),
    ...recommended,
  ];
}
