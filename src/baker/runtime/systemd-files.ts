import { initScriptPath } from '../../formats/system/sysv-unit.ts';
import { loadUnit } from '../../formats/system/unit-files.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Accounts } from './accounts.ts';
import type { Service } from './service.ts';

/** A text or link that systemd reads, by its path in the image. */
export interface SystemdFile {
  readonly path: string;
  readonly content?: string;
  readonly target?: string;
}

const FOLDER = '/etc/systemd/system';
const APPLICATION_UNIT = 'kiln-application.service';

/** Units that want udev, a terminal or kernel modules that the image has not, or only cost time in a server. */
const MASKED = [
  'getty.target',
  'systemd-logind.service',
  'kmod-static-nodes.service',
  'systemd-modules-load.service',
  'systemd-networkd-wait-online.service',
  'proc-sys-fs-binfmt_misc.automount',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-kernel-config.mount',
  'sys-fs-fuse-connections.mount',
  'modprobe@.service',
  'systemd-udev-trigger.service',
  'systemd-udevd.service',
];

const ONCE = 'Type=oneshot\nRemainAfterExit=yes\nStandardOutput=journal+console\nStandardError=journal+console\n';

export interface SystemdRequest {
  readonly spec: ImageSpec;
  readonly service: Service;
  readonly accounts: Accounts;
  /** The unit that is the service: the spec's own, or an instance in its place; undefined for a command. */
  readonly unit: string | undefined;
  readonly tree: FileTree;
}

/** What an image with systemd needs beyond its packages: the application's unit enabled, network, first boot, power button, console. */
export function systemdFiles({ spec, service, accounts, unit, tree }: SystemdRequest): SystemdFile[] {
  const application = unit ?? APPLICATION_UNIT;
  const asked = spec.application.run.unit ?? application;
  return [
    ...(unit === undefined
      ? [{ path: `${FOLDER}/${APPLICATION_UNIT}`, content: applicationUnit(service, accounts) }]
      : unitOfScript(unit, tree)),
    ...[...new Set([asked, application])].map((name) => wantedBy('multi-user.target', name, unitFile(name, tree))),
    ...['network', 'first-boot', 'power-button', 'directories', 'announce'].map((name) =>
      wantedBy('multi-user.target', `kiln-${name}.service`),
    ),
    wantedBy('network-online.target', 'kiln-network.service'),
    { path: `${FOLDER}/default.target`, target: '/usr/lib/systemd/system/multi-user.target' },
    { path: `${FOLDER}/${application}.d/kiln.conf`, content: applicationDropIn(service, unit, tree) },
    { path: `${FOLDER}/kiln-network.service`, content: networkUnit },
    { path: `${FOLDER}/kiln-first-boot.service`, content: firstBootUnit(application) },
    { path: `${FOLDER}/kiln-directories.service`, content: directoriesUnit(application) },
    { path: `${FOLDER}/kiln-power-button.service`, content: powerButtonUnit },
    { path: `${FOLDER}/kiln-announce.service`, content: announceUnit(application, service) },
    {
      path: '/etc/systemd/journald.conf.d/kiln.conf',
      content: '[Journal]\nStorage=volatile\nForwardToConsole=yes\nMaxLevelConsole=notice\n',
    },
    ...MASKED.map((name) => ({ path: `${FOLDER}/${name}`, target: '/dev/null' })),
  ];
}

/** An init script's unit, written down: systemd's own generator makes one only of scripts that a runlevel starts. */
function unitOfScript(unit: string, tree: FileTree): SystemdFile[] {
  const loaded = loadUnit(tree, unit);
  if (!loaded || loaded.path !== initScriptPath(unit)) return [];
  const entries = loaded.entries.filter((it) => it.file === loaded.path);
  const sections = [...Map.groupBy(entries, (it) => it.section)].map(([section, all]) =>
    [`[${section}]`, ...all.map(({ key, value }) => `${key}=${value}`), ''].join('\n'),
  );
  return [{ path: `${FOLDER}/${unit}`, content: `# Made from ${loaded.path}\n${sections.join('\n')}` }];
}

/** Where a unit's file lies; those that Kiln writes lie in its own folder. */
function unitFile(unit: string, tree: FileTree): string {
  const path = loadUnit(tree, unit)?.path;
  return path === undefined || path === initScriptPath(unit) ? `${FOLDER}/${unit}` : path;
}

function wantedBy(target: string, unit: string, file = `${FOLDER}/${unit}`): SystemdFile {
  return { path: `${FOLDER}/${target}.wants/${unit}`, target: file };
}

function applicationDropIn(service: Service, unit: string | undefined, tree: FileTree): string {
  const restart = service.type === 'oneshot' ? [] : ['Restart=always', 'RestartSec=1'];
  return [
    '[Unit]',
    'Wants=network-online.target',
    'After=network-online.target kiln-first-boot.service kiln-directories.service',
    'Requires=kiln-first-boot.service',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    ...restart,
    ...outputSettings(unit, tree),
    '',
  ].join('\n');
}

/** What a service says is the console's, too, as under the small init, where its unit does not send it elsewhere. */
function outputSettings(unit: string | undefined, tree: FileTree): string[] {
  const entries = unit === undefined ? [] : (loadUnit(tree, unit)?.entries ?? []);
  const stated = (key: string) => entries.some((it) => it.section === 'Service' && it.key === key && it.value !== '');
  // A socket for input is one for output as well.
  if (unit === undefined || stated('StandardInput')) return [];
  return ['StandardOutput', 'StandardError'].filter((key) => !stated(key)).map((key) => `${key}=journal+console`);
}

const networkUnit = `[Unit]
Description=Network by DHCP
DefaultDependencies=no
After=systemd-remount-fs.service systemd-sysctl.service
Before=network.target network-online.target shutdown.target
Conflicts=shutdown.target

[Service]
${ONCE}ExecStart=/usr/lib/kiln/network
KillMode=process
`;

function firstBootUnit(application: string): string {
  return `[Unit]
Description=Keys and seeds of this machine
DefaultDependencies=no
After=systemd-remount-fs.service local-fs.target
Before=${application} shutdown.target
Conflicts=shutdown.target

[Service]
${ONCE}ExecStart=/usr/lib/kiln/first-boot
`;
}

function directoriesUnit(application: string): string {
  return `[Unit]
Description=Directories of the application
DefaultDependencies=no
After=local-fs.target systemd-tmpfiles-setup.service
Before=${application} shutdown.target
Conflicts=shutdown.target

[Service]
${ONCE}StandardInput=file:/usr/lib/kiln/directories.list
ExecStart=/usr/lib/kiln/directories
`;
}

function announceUnit(application: string, service: Service): string {
  const group = service.type === 'oneshot' ? '' : ` ${application}`;
  return `[Unit]
Description=Says that the application runs
Requires=${application}
After=${application}

[Service]
ExecStart=/usr/lib/kiln/announce ${service.name}${group}
`;
}

const powerButtonUnit = `[Unit]
Description=Power button

[Service]
ExecStart=/usr/lib/kiln/busybox acpid -d -c /usr/lib/kiln/acpi
Restart=always
`;

/** The spec's command as a unit. */
function applicationUnit(service: Service, accounts: Accounts): string {
  const group = service.group ?? accounts.groupName(accounts.user(service.user)?.groupId ?? 0) ?? 'root';
  const variables = Object.entries(service.environment).map(
    ([name, value]) => `Environment=${unitWord(`${name}=${value}`)}`,
  );
  return [
    '[Unit]',
    'Description=Application',
    '',
    '[Service]',
    'Type=exec',
    `User=${service.user}`,
    `Group=${group}`,
    `WorkingDirectory=${service.workingDirectory}`,
    ...(Object.keys(service.sysctls).length > 0 ? ['AmbientCapabilities=CAP_NET_BIND_SERVICE'] : []),
    ...variables,
    ...service.before.map(({ argv }) => `ExecStartPre=+${argv.map(unitWord).join(' ')}`),
    `ExecStart=${service.main[0]!.argv.map(unitWord).join(' ')}`,
    'StandardOutput=journal+console',
    'StandardError=journal+console',
    '',
  ].join('\n');
}

function unitWord(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');
  return /^[A-Za-z0-9_@+=:,./%$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
