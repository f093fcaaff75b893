import {
  expandVariables,
  parseEnvironmentFile,
  parseExec,
  splitUnitWords,
  type UnitEntry,
} from '../../formats/system/unit.ts';
import { loadUnit, UNIT_FOLDERS } from '../../formats/system/unit-files.ts';
import { nearestWord } from '../../formats/text/nearest.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import { asksForManager } from './manager-only.ts';
import { SERVICE_PATH, type Service, type ServiceCommand, type ServiceDirectory } from './service.ts';
import { type UnitReader, unitReader } from './unit-reader.ts';

/** Settings that are carried out, or that mean nothing where one service runs and no manager. */
const HONOURED = new Set(
  `Type PIDFile RemainAfterExit ExecStart ExecStartPre ExecStartPost ExecStop ExecStopPost ExecReload ExecCondition User Group
  Environment EnvironmentFile PassEnvironment UnsetEnvironment RuntimeDirectory RuntimeDirectoryMode
  RuntimeDirectoryPreserve StateDirectory StateDirectoryMode LogsDirectory LogsDirectoryMode CacheDirectory CacheDirectoryMode
  ConfigurationDirectory ConfigurationDirectoryMode WorkingDirectory UMask LimitNOFILE LimitNPROC LimitCORE LimitMEMLOCK
  KillMode KillSignal SendSIGKILL TimeoutStopSec TimeoutSec TimeoutStartSec TimeoutAbortSec Restart RestartSec
  RestartPreventExitStatus RestartForceExitStatus SuccessExitStatus StartLimitInterval StartLimitBurst NotifyAccess StandardInput
  StandardOutput StandardError SyslogIdentifier SyslogFacility NoNewPrivileges PermissionsStartOnly GuessMainPID BusName Slice
  IgnoreSIGPIPE FileDescriptorStoreMax AmbientCapabilities SupplementaryGroups`.split(/\s+/),
);

const DIRECTORY_ROOTS = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
  ConfigurationDirectory: '/etc',
} as const;

/** The shell's `ulimit` letters. */
const LIMITS = { LimitNOFILE: 'n', LimitNPROC: 'u', LimitCORE: 'c', LimitMEMLOCK: 'l' } as const;
const DEFAULT_STOP_SECONDS = 90;
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A service, and what of its unit is not carried out, each as `Setting=value` or `Setting: why`; sorted. */
export interface Translation {
  readonly service: Service;
  readonly notHonoured: readonly string[];
}

/**
 * What a unit of the tree asks for, as a `Service` (systemd.service(5), systemd.exec(5), systemd.kill(5)). Throws KilnError
 * NOT_FOUND where the tree has no such unit, SPEC_INVALID where it can't be run at all.
 */
export function translateUnit(tree: FileTree, name: string): Translation {
  const unit = loadUnit(tree, name);
  if (unit) return translateEntries(unit.entries, name, tree);
  const units = UNIT_FOLDERS.flatMap((folder) => tree.list(folder)).filter((it) => it.endsWith('.service'));
  const near = nearestWord(units, name);
  throw new KilnError('NOT_FOUND', `application.run.unit: no package of the image has the unit ${name}`, {
    hint: near
      ? `did you mean ${near}?`
      : 'a package of the application must ship it; a command can stand in its place: application.run.command',
  });
}

/** The same for a unit's entries, those of drop-ins last. */
export function translateEntries(entries: readonly UnitEntry[], name: string, tree: FileTree): Translation {
  const unit = unitReader(entries, name, tree);
  const dropped = [...unknownSettings(unit), ...asksForManager(entries, name)];
  const environment = unitEnvironment(unit, tree, dropped);
  const commands = (key: string) =>
    unit.all(key).flatMap((text) => readCommands(text, `${key} of ${name}`, { environment, tree, dropped }));
  // An older way to write `+` before each (systemd 239, NEWS).
  const others = (key: string) =>
    isTrue(unit.last('PermissionsStartOnly')) ? commands(key).map((it) => ({ ...it, asRoot: true })) : commands(key);
  const main = requireMain(commands('ExecStart'), name, dropped);
  const service: Service = {
    name: name.replace(/\.service$/, ''),
    type: serviceType(unit.last('Type')),
    pidFile: pidFile(unit.last('PIDFile')),
    remainAfterExit: isTrue(unit.last('RemainAfterExit')),
    user: unit.user.name,
    group: unit.last('Group'),
    moreGroups: unit.words('SupplementaryGroups'),
    environment,
    workingDirectory: workingDirectory(unit),
    umask: unit.last('UMask'),
    limits: readLimits(unit),
    noNewPrivileges: isTrue(unit.last('NoNewPrivileges')),
    sysctls: readCapabilities(unit),
    directories: [...unitDirectories(unit), ...writtenFolders(unit, tree)],
    before: [...others('ExecCondition'), ...others('ExecStartPre')],
    main,
    after: others('ExecStartPost'),
    stop: others('ExecStop'),
    stopSignal: (unit.last('KillSignal') ?? 'TERM').replace(/^SIG/, ''),
    killMode: killMode(unit.last('KillMode')),
    stopSeconds: stopSeconds(unit.last('TimeoutStopSec') ?? unit.last('TimeoutSec')),
  };
  return { service, notHonoured: [...new Set(dropped)].sort() };
}

function unknownSettings({ entries }: UnitReader): string[] {
  return entries
    .filter(({ section, key }) => section === 'Service' && !HONOURED.has(key))
    .filter(({ value }) => !/^(no|false|0|off|)$/.test(value))
    .map(({ key, value }) => `${key}=${value}`);
}

function requireMain(main: ServiceCommand[], name: string, dropped: string[]): ServiceCommand[] {
  if (main.length === 0) {
    throw new KilnError('SPEC_INVALID', `the unit ${name} starts nothing that is in the image`, {
      hint: `${dropped.find((text) => text.startsWith('ExecStart ')) ?? 'it has no ExecStart'}; name the unit of the service itself, or a command`,
    });
  }
  if (main.every((command) => /\/(true|false)$/.test(command.argv[0]!))) {
    dropped.push(
      `ExecStart: ${main[0]!.argv[0]} does nothing; the service that is meant may be an instance of a template`,
    );
  }
  return main;
}

/** Readiness is nobody's business here, so exec and dbus are as simple; what notifies may tell of another process than the first. */
function serviceType(type: string | undefined): Service['type'] {
  if (type === 'notify' || type === 'notify-reload') return 'notify';
  return type === 'forking' || type === 'oneshot' ? type : 'simple';
}

/** What systemd sets by itself, then `Environment=`, then the files, as it applies them. */
function unitEnvironment(unit: UnitReader, tree: FileTree, dropped: string[]): Record<string, string> {
  const { name, home } = unit.user;
  const own = name === 'root' ? {} : { HOME: home, LOGNAME: name, USER: name };
  const folders = Object.entries(DIRECTORY_ROOTS).flatMap(([key, root]) => {
    const paths = unit.words(key).map((word) => `${root}/${word.split(':')[0]}`);
    return paths.length === 0 ? [] : [[key.replace('Directory', '_DIRECTORY').toUpperCase(), paths.join(':')]];
  });
  const assigned = unit.words('Environment').map((word) => word.split(/=(.*)/s).slice(0, 2));
  const files = unit.all('EnvironmentFile').flatMap((value) => {
    const path = value.replace(/^-/, '');
    if (tree.resolve(path)?.type === 'file') return [...parseEnvironmentFile(tree.read(path).toString('utf8'))];
    if (!value.startsWith('-')) dropped.push(`EnvironmentFile: ${path} is not in the image`);
    return [];
  });
  return { PATH: SERVICE_PATH, ...own, ...Object.fromEntries([...folders, ...assigned, ...files]) };
}

interface CommandContext {
  readonly environment: Readonly<Record<string, string>>;
  readonly tree: FileTree;
  readonly dropped: string[];
}

function readCommands(text: string, place: string, { environment, tree, dropped }: CommandContext): ServiceCommand[] {
  // The main process is known only when the service runs: its variable is left for the script.
  const variables = new Map([...Object.entries(environment), ['MAINPID', '${MAINPID}'] as const]);
  return parseExec(text).flatMap(({ program, argv, mayFail, privileged }) => {
    const path = findProgram(program, tree);
    if (path === undefined) {
      dropped.push(`${place}: ${program} is not in the image`);
      return [];
    }
    return [{ argv: [path, ...expandVariables(argv.slice(1), variables)], ignoreFailure: mayFail, asRoot: privileged }];
  });
}

function findProgram(program: string, tree: FileTree): string | undefined {
  const places = program.startsWith('/') ? [program] : SERVICE_PATH.split(':').map((folder) => `${folder}/${program}`);
  return places.find((place) => tree.resolve(place)?.type === 'file');
}

function unitDirectories(unit: UnitReader): ServiceDirectory[] {
  return Object.entries(DIRECTORY_ROOTS).flatMap(([key, root]) => {
    const mode = Number.parseInt(unit.last(`${key}Mode`) ?? '0755', 8);
    const isRoots = key === 'ConfigurationDirectory';
    const owner = isRoots ? 'root' : unit.user.name;
    const group = isRoots ? 'root' : (unit.last('Group') ?? String(unit.user.groupId));
    return unit.words(key).map((word) => ({ path: `${root}/${word.split(':')[0]}`, mode, owner, group }));
  });
}

/**
 * Folders that the unit opens for writing and that are root's alone: its user must have them. Some packages leave this to
 * an init script that does not run.
 */
function writtenFolders(unit: UnitReader, tree: FileTree): ServiceDirectory[] {
  if (unit.user.id === 0) return [];
  const group = unit.last('Group') ?? String(unit.user.groupId);
  const paths = ['ReadWritePaths', 'ReadWriteDirectories'].flatMap((key) => unit.words(key));
  return paths.flatMap((word) => {
    const path = word.replace(/^[-+]+/, '').replace(/(.)\/+$/, '$1');
    const entry = path.startsWith('/var/') ? tree.resolve(path) : undefined;
    if (entry?.type !== 'directory' || entry.uid !== 0 || entry.gid !== 0 || (entry.mode & 0o022) !== 0) return [];
    return [{ path, mode: entry.mode & 0o7777, owner: unit.user.name, group }];
  });
}

function readLimits(unit: UnitReader): Record<string, string> {
  return Object.fromEntries(
    Object.entries(LIMITS).flatMap(([key, letter]) => {
      const value = unit.last(key)?.split(':').at(-1);
      return value === undefined ? [] : [[letter, value === 'infinity' ? 'unlimited' : value]];
    }),
  );
}

/** The one capability that servers ask for most has a stand-in; others can't be kept across a change of user here. */
function readCapabilities(unit: UnitReader): Record<string, string> {
  const ambient = unit.words('AmbientCapabilities');
  return ambient.includes('CAP_NET_BIND_SERVICE') ? { 'net.ipv4.ip_unprivileged_port_start': '0' } : {};
}

function workingDirectory(unit: UnitReader): string {
  const path = unit.last('WorkingDirectory')?.replace(/^-/, '');
  return path === '~' ? unit.user.home : path || '/';
}

function pidFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return path.startsWith('/') ? path.replace(/^\/var\/run\//, '/run/') : `/run/${path}`;
}

function killMode(value: string | undefined): Service['killMode'] {
  return value === 'mixed' || value === 'process' || value === 'none' ? value : 'control-group';
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|yes|true|on)$/.test(value);
}

/** Whole seconds of a time span such as `1min 30s`; an endless one is cut to systemd's own default. */
function stopSeconds(span: string | undefined): number {
  if (span === undefined || /^(infinity|0)$/.test(span)) return DEFAULT_STOP_SECONDS;
  const parts = splitUnitWords(span).flatMap((word) => [...word.matchAll(/(\d+(?:\.\d+)?)(ms|[smh]?)/g)]);
  return (
    Math.ceil(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * SECONDS[unit || 's']!, 0)) ||
    DEFAULT_STOP_SECONDS
  );
}
