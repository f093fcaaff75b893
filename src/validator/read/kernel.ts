import type { FileTree } from '../../model/file-tree.ts';
import type { Lock } from '../../model/lock.ts';

/** Options that the locked kernel was built with, as its package's /boot/config-RELEASE says; {} where the packages are not at hand. */
export function readKernelConfig(lock: Lock, contents?: ReadonlyMap<string, FileTree>): Record<string, string> {
  for (const { name, layer } of lock.packages) {
    const tree = layer === 'boot' ? contents?.get(name) : undefined;
    const file = tree?.list('/boot').find((it) => it.startsWith('config-'));
    if (tree && file !== undefined) return optionsOf(tree.read(`/boot/${file}`).toString('utf8'));
  }
  return {};
}

function optionsOf(text: string): Record<string, string> {
  const lines = text.matchAll(/^CONFIG_(\w+)=(?:"(.*)"|(.*))$/gm);
  return Object.fromEntries([...lines].map(([, option, quoted, plain]) => [option!, quoted ?? plain ?? '']));
}
