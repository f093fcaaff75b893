import type { ImageSpec } from '../../model/spec.ts';
import {
  backups,
  caches,
  logs,
  madeByBase,
  otherPackages,
  packageState,
  runtimeFolders,
  startLinks,
} from './prune-made.ts';
import { aids, asked, converters, documentation, locales, publishedKeys } from './prune-minimize.ts';
import type { PruneRule } from './prune-rule.ts';

/** The rules for a spec, in the order in which they are asked; the first that removes something is named for it. */
export function pruneRules(spec: Pick<ImageSpec, 'minimize' | 'boot'>): PruneRule[] {
  const { minimize } = spec;
  return [
    runtimeFolders,
    otherPackages,
    ...(minimize.caches ? [packageState, logs, caches] : []),
    backups,
    ...(spec.boot.init === 'busybox' ? [startLinks] : []),
    madeByBase,
    publishedKeys,
    ...(minimize.documentation ? [documentation, aids] : []),
    locales(minimize.locales),
    converters(minimize.converters),
    ...(minimize.remove.length > 0 ? [asked(minimize.remove)] : []),
  ];
}
