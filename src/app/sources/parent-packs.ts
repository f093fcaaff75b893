import type { ImageSpec } from '../../model/spec.ts';
import type { Pack } from '../../validator/pack.ts';

/** Packs that come with Kiln and hold for every image. */
const OURS: ReadonlySet<string> = new Set(['runs', 'baseline']);

/**
 * Rules that speak of every file of a root as one that Kiln chose. A vendor's system has programs, units and modules besides, some of which
 * have never had all that they ask for: of it such a rule says much that is true and nothing that the owner of the image could mend.
 */
const OF_A_ROOT_OF_ITS_OWN: ReadonlySet<string> = new Set([
  'lock-match',
  'package-set',
  'unexplained-programs',
  'dependencies-met',
  'elf-libraries',
  'elf-symbol-versions',
  'script-interpreters',
  'unit-commands',
  'unit-dependencies',
  'needs-met',
  'users-and-groups',
  'writable-folders',
  'configuration-present',
  'configured-folders',
  'ports-free',
  'pam-modules',
]);

/**
 * Packs as they hold for an image: on a vendor's parent, Kiln's own warn where they presume a root made of the lock alone. That the application
 * starts, and that nothing holds secrets, identities or open doors, stays enforced; so does all that the owner's own packs say.
 */
export function onItsParent(packs: readonly Pack[], { bake }: Pick<ImageSpec, 'bake'>): readonly Pack[] {
  if (bake.with !== 'image-builder') return packs;
  return packs.map((pack) => (OURS.has(pack.name) ? warning(pack) : pack));
}

function warning(pack: Pack): Pack {
  const rules = pack.rules.map((it) => (OF_A_ROOT_OF_ITS_OWN.has(it.rule.id) ? { ...it, mode: 'warn' as const } : it));
  return { ...pack, rules };
}
