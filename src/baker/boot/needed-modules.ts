import { parseExec, parseUnit, splitUnitWords, type UnitEntry, unitNameParts } from '../../formats/system/unit.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedPackage } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';

const UNITS = '/usr/lib/systemd/system';
const LISTS = ['/usr/lib/modules-load.d', '/etc/modules-load.d'];
/** Devices that a driver makes when it is loaded, as the drivers' own aliases (`devname:`) name them. */
const MODULE_OF: Readonly<Record<string, string>> = {
  '/dev/net/tun': 'tun',
  '/dev/fuse': 'fuse',
  '/dev/loop-control': 'loop',
  '/dev/ppp': 'ppp_generic',
  '/dev/vhost-net': 'vhost_net',
  '/dev/vhost-vsock': 'vhost_vsock',
  '/dev/uinput': 'uinput',
};

/** Whole packages that may say it: those that the spec names, what is built with them, and what they ask for themselves; to open all takes seconds. */
export function packagesNear(spec: ImageSpec, { packages }: Pick<Lock, 'packages'>): LockedPackage[] {
  const whole = packages.filter((it) => it.layer === 'closure' && it.files === undefined);
  const named = new Set(spec.application.packages.map((it) => it.split(/[ :(]/)[0]!));
  const built = new Set(whole.filter((it) => named.has(it.name)).map((it) => it.source.name));
  const near = new Set(whole.filter((it) => named.has(it.name) || built.has(it.source.name)).map((it) => it.name));
  return whole.filter((it) => near.has(it.name) || it.why.some((why) => why.kind === 'relation' && near.has(why.by)));
}

/**
 * Kernel modules that a service asks for, as its packages say it: modules-load.d(5), a unit's `modprobe`, the devices that a unit
 * is let to or waits for. What a program asks the kernel for by itself stands nowhere. Sorted.
 */
export function neededModules(spec: ImageSpec, packages: readonly FileTree[]): string[] {
  const own = spec.application.files;
  const texts = (folder: string) => own.filter((it) => it.path.startsWith(`${folder}/`)).map((it) => it.content ?? '');
  const listed = [
    ...packages.flatMap((it) => LISTS.flatMap((folder) => textsIn(it, folder, '.conf'))),
    ...LISTS.flatMap(texts),
  ];
  const units = [
    ...unitsOf(packages, spec.application.run.unit),
    ...texts('/etc/systemd/system').map((it) => parseUnit(it)),
  ];
  return [...new Set([...listed.flatMap(namesIn), ...units.flatMap(modulesOfUnit)])].sort();
}

/** All services of the package that has the unit, since it may stand for an instance of another, and those that it wants. */
function unitsOf(packages: readonly FileTree[], name: string | undefined): UnitEntry[][] {
  if (name === undefined) return [];
  const { template } = unitNameParts(name);
  const files = [name, ...(template ? [template] : [])].map((it) => `${UNITS}/${it}`);
  const owner = packages.find((it) => files.some((file) => it.resolve(file)?.type === 'file'));
  const own = owner ? textsIn(owner, UNITS, '.service').map((it) => parseUnit(it)) : [];
  const wanted = own.flatMap((entries) =>
    entries.filter((it) => /^(Requires|Wants|BindsTo)$/.test(it.key)).flatMap((it) => splitUnitWords(it.value)),
  );
  const others = [...new Set(wanted)].flatMap((it) =>
    packages.flatMap((tree) => (tree === owner ? [] : textAt(tree, `${UNITS}/${it}`))),
  );
  return [...own, ...others.map((it) => parseUnit(it))];
}

function modulesOfUnit(entries: readonly UnitEntry[]): string[] {
  return entries.flatMap(({ key, value }) => {
    if (/^ExecStart(Pre)?$|^ExecCondition$/.test(key)) return parseExec(value).flatMap(({ argv }) => loadedBy(argv));
    if (!/^(DeviceAllow|(Condition|Assert)PathExists)$/.test(key)) return [];
    const path = value.replace(/^\|/, '').split(/\s/)[0]!;
    const module = /^\/sys\/module\/([\w-]+)$/.exec(path)?.[1] ?? MODULE_OF[path];
    return module === undefined ? [] : [module];
  });
}

/** `modprobe NAME [PARAMETER…]`, or with `-a` several names (modprobe(8)). */
function loadedBy([program = '', ...words]: readonly string[]): string[] {
  if (!/(^|\/)modprobe$/.test(program) || words.some((it) => /^(-r|--remove)$/.test(it))) return [];
  const names = words.filter((it) => /^[\w-]+$/.test(it) && !it.startsWith('-'));
  return words.some((it) => /^-\w*a|^--all$/.test(it)) ? names : names.slice(0, 1);
}

function namesIn(text: string): string[] {
  return text
    .split('\n')
    .map((it) => it.trim())
    .filter((it) => /^[\w-]+$/.test(it));
}

function textsIn(tree: FileTree, folder: string, ending: string): string[] {
  const names = tree.list(folder).filter((it) => it.endsWith(ending));
  return names.flatMap((it) => textAt(tree, `${folder}/${it}`));
}

function textAt(tree: FileTree, path: string): string[] {
  return tree.resolve(path)?.type === 'file' ? [tree.read(path).toString('utf8')] : [];
}
