import { readFileSync } from 'node:fs';
import type { FileTree } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Identity, RuntimeFile } from '../types.ts';
import { readAccounts } from './accounts.ts';
import { commandService } from './command-service.ts';
import { identityScript } from './identity-script.ts';
import { serviceUnit } from './instances.ts';
import { servicesLeftOut } from './other-services.ts';
import type { Service } from './service.ts';
import { serviceScript } from './service-script.ts';
import { systemdFiles } from './systemd-files.ts';
import { type BootEntry, directoryEntries, formatBootEntries, readTmpfiles } from './tmpfiles.ts';
import { type Translation, translateUnit } from './translate-unit.ts';

const FOLDER = '/usr/lib/kiln';
const EVERY_INIT = ['network', 'network-event', 'directories', 'first-boot', 'announce'];
const BUSYBOX_INIT = ['start', 'run', 'stop'];

export interface RuntimeRequest {
  readonly spec: ImageSpec;
  /** The pruned root, identities taken out. */
  readonly tree: FileTree;
  readonly identities: readonly Identity[];
  /** Services that run in place of the spec's unit, where that only stands for others. */
  readonly instances?: readonly string[];
}

/** Kiln's own part of a root tree. */
export interface Runtime {
  /** Sorted by path. */
  readonly files: readonly RuntimeFile[];
  readonly service: Service;
  /** What units and tmpfiles.d ask for and this init does not do; nothing under systemd. */
  readonly notHonoured: readonly string[];
}

/**
 * The init, network, first boot and service of an image. Throws KilnError SPEC_INVALID or NOT_FOUND where the service can't
 * be run from this tree, REFUSED where an identity can't be made in it.
 */
export function runtimeFiles({ spec, tree, identities, instances = [] }: RuntimeRequest): Runtime {
  const accounts = readAccounts(tree);
  const unit = serviceUnit(tree, spec, instances);
  const { service, notHonoured } = serviceOf(spec, unit, tree);
  const tmpfiles = readTmpfiles(tree, accounts);
  const bySystemd = spec.boot.init === 'systemd';
  const own = [...directoryEntries(service.directories, accounts), ...specDirectories(spec, tree)];
  const entries = bySystemd ? own : [...tmpfiles.entries, ...own];
  const shared = [
    link(`${FOLDER}/busybox`, '/usr/bin/busybox'),
    ...EVERY_INIT.map(script),
    text(`${FOLDER}/directories.list`, formatBootEntries(unique(entries))),
    text(`${FOLDER}/identities`, identityScript(identities, tree)),
    text(`${FOLDER}/openssl.cnf`, asset('openssl.cnf')),
    text(`${FOLDER}/acpi/PWRF/00000080`, asset('power-button.sh'), 0o755),
    link('/etc/resolv.conf', '../run/kiln/resolv.conf'),
  ];
  const forInit = bySystemd
    ? systemdFiles({ spec, service, accounts, unit, tree }).map(({ path, content, target }) =>
        target === undefined ? text(path, content ?? '') : link(path, target),
      )
    : [
        link(`${FOLDER}/init`, 'busybox'),
        ...BUSYBOX_INIT.map(script),
        text(`${FOLDER}/service`, serviceScript(service, accounts)),
        ...groupFile(service, tree),
        text('/etc/inittab', asset('inittab')),
      ];
  // Where it is empty systemd fills it in at each boot and takes no boot for the first, which would enable every unit.
  const machineId = bySystemd ? [text('/etc/machine-id', '', 0o444)] : [];
  const files = [...shared, ...forInit, ...machineId].sort((a, b) => (a.path < b.path ? -1 : 1));
  const left = [...notHonoured, ...tmpfiles.notHonoured, ...servicesLeftOut(tree, unit)];
  return { files, service, notHonoured: bySystemd ? [] : left };
}

/** It keeps the name that the spec gives it, whichever instance it is. */
function serviceOf(
  { application: { run, ports }, name }: ImageSpec,
  unit: string | undefined,
  tree: FileTree,
): Translation {
  if (unit === undefined) return { service: commandService(run, name, tree, ports), notHonoured: [] };
  const translation = translateUnit(tree, unit);
  return { ...translation, service: { ...translation.service, name: (run.unit ?? unit).replace(/\.service$/, '') } };
}

/** With a unit, too, the spec may ask for directories. */
function specDirectories(spec: ImageSpec, tree: FileTree): BootEntry[] {
  const { run } = spec.application;
  if (run.unit === undefined) return [];
  const directories = run.directories.map((directory) => ({ ...directory, mode: Number.parseInt(directory.mode, 8) }));
  return directoryEntries(directories, readAccounts(tree));
}

/** Later entries of a path stand for earlier ones. */
function unique(entries: readonly BootEntry[]): BootEntry[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Users' further groups are those of /etc/group: the small init starts one service, so that they can be the user's for good. */
function groupFile({ user, moreGroups = [] }: Service, tree: FileTree): RuntimeFile[] {
  if (moreGroups.length === 0 || user === 'root') return [];
  const lines = tree.read('/etc/group').toString('utf8').split('\n');
  const added = lines.map((line) => {
    const [name = '', , , members = ''] = line.split(':');
    if (!moreGroups.includes(name) || members.split(',').includes(user)) return line;
    return `${line}${members === '' ? '' : ','}${user}`;
  });
  return [text('/etc/group', added.join('\n'))];
}

function asset(name: string): string {
  return readFileSync(new URL(`./image/${name}`, import.meta.url), 'utf8');
}

function script(name: string): RuntimeFile {
  return text(`${FOLDER}/${name}`, asset(`${name}.sh`), 0o755);
}

function text(path: string, content: string, mode = 0o644): RuntimeFile {
  return { path, mode, uid: 0, gid: 0, content: Buffer.from(content) };
}

function link(path: string, target: string): RuntimeFile {
  return { path, mode: 0o777, uid: 0, gid: 0, target };
}
