import {
  parseExec,
  parseUnit,
  splitUnitWords,
  type UnitEntry,
  unitValue,
  unitValues,
} from '../../formats/system/unit.ts';
import type { FileTree } from '../../model/file-tree.ts';

const UNITS = '/usr/lib/systemd/system';
const SAID = ': only the service of the spec is started';

/** Services that the image's packages would have started at boot besides `unit`, as an init that starts one service alone tells of them. */
export function servicesLeftOut(tree: FileTree, unit: string | undefined): string[] {
  const files = tree.list(UNITS).filter((it) => it.endsWith('.service') && !it.includes('@') && it !== unit);
  return files
    .filter((it) => tree.lookup(`${UNITS}/${it}`)?.type === 'file')
    .filter((it) => isStarted(tree, parseUnit(tree.read(`${UNITS}/${it}`).toString('utf8')), unit))
    .map((it) => `${it}${SAID}`);
}

/** It is for multi-user.target, runs on, its program is in, and `unit` is no other name of it. */
function isStarted(tree: FileTree, entries: readonly UnitEntry[], unit: string | undefined): boolean {
  const words = (key: string) => unitValues(entries, 'Install', key).flatMap((it) => splitUnitWords(it.value));
  const [command] = parseExec(unitValue(entries, 'Service', 'ExecStart') ?? '');
  return (
    words('WantedBy').includes('multi-user.target') &&
    !words('Alias').includes(unit ?? '') &&
    unitValue(entries, 'Service', 'Type') !== 'oneshot' &&
    tree.resolve(command?.program ?? '')?.type === 'file'
  );
}

/** The service of such a sentence. */
export function serviceLeftOut(sentence: string): string | undefined {
  return sentence.endsWith(SAID) ? sentence.slice(0, -SAID.length) : undefined;
}
