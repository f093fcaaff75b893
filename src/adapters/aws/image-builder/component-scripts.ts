import type { ParentBakeRequest, ParentPackage } from '../../../ports/parent-baker.ts';

/** Where a component works; nothing of it is left at the end. */
export const FOLDER = '/var/cache/kiln-bake';
/** The tar of the root tree. */
export const TREE = `${FOLDER}/tree.tar`;

/** Globs of the packages that boot a Debian or Ubuntu machine and bring its network up; Essential ones stay in any case. */
const BOOT_SET = [
  'linux-image-*',
  'linux-modules-*',
  'linux-aws',
  'linux-virtual',
  'grub-*',
  'shim-signed',
  'systemd-boot*',
  'initramfs-tools',
  'dracut',
  'systemd-sysv',
  'udev',
  'dbus',
  'netplan.io',
  'ifupdown',
  'isc-dhcp-client',
  'dhcpcd*',
  'cloud-init',
  'cloud-guest-utils',
  // The service reaches the machine by it, and takes it away itself at the end where it brought it.
  'amazon-ssm-agent',
];

/** apt with the packages at hand as all that there is: no index, no network. */
const APT = [
  'apt-get -y -q',
  '-o Dir::Etc::sourcelist=/dev/null',
  '-o Dir::Etc::sourceparts=/dev/null',
  `-o Dir::State::lists=${FOLDER}/lists`,
  '-o APT::Sandbox::User=root',
  '-o Dpkg::Options::=--force-confdef',
  '-o Dpkg::Options::=--force-confold',
  '-o APT::AutoRemove::RecommendsImportant=false',
  '-o APT::AutoRemove::SuggestsImportant=false',
].join(' ');

/** A word for the shell, whatever is in it. */
const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Installs packages, each believed under its hash only; no service is started meanwhile. */
export function install(packages: readonly ParentPackage[]): string {
  const sums = packages.map((it) => `${it.sha256}  ${it.sha256}.deb`);
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    `cd ${FOLDER}`,
    "sha256sum --check --strict --quiet <<'END'",
    ...sums,
    'END',
    'mkdir -p lists/partial',
    "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d",
    'chmod 0755 /usr/sbin/policy-rc.d',
    `${APT} --no-install-recommends --allow-downgrades --allow-change-held-packages install ./*.deb`,
  ].join('\n');
}

/** Lays the overlay over the root, then gives files to their owners. */
export function layFiles(owners: ParentBakeRequest['owners']): string {
  const given = Object.entries(owners).map(([path, owner]) => `chown -h ${word(owner)} ${word(path)}`);
  return [`tar -x -p --keep-directory-symlink -f ${FOLDER}/overlay.tar -C /`, ...given].join('\n');
}

/** Removes what neither the closure nor the boot set nor their dependencies ask for, with its configuration. */
export function removeOthers(names: readonly string[], keep: readonly string[]): string {
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    "dpkg-query -W -f '${Package}\\n' | xargs apt-mark auto > /dev/null",
    `apt-mark manual ${names.map(word).join(' ')} > /dev/null`,
    `for glob in ${[...BOOT_SET, ...keep].map(word).join(' ')}; do`,
    "  dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' \"$glob\" 2> /dev/null | sed -n 's/^ii *//p'",
    'done | xargs -r apt-mark manual > /dev/null',
    `${APT} autoremove --purge`,
    // Left over of packages that were removed before: only their configuration.
    "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' | sed -n 's/^rc *//p' | xargs -r dpkg --purge",
  ].join('\n');
}

/** Has the unit started at each boot. */
export const enable = (unit: string): string => `systemctl enable ${word(unit)}`;

/** Takes away what is an identity or only the build's own. */
export function cleanUp({ remove, withoutDocumentation }: ParentBakeRequest): string {
  const documentation = [
    'rm -rf /usr/share/man /usr/share/info /usr/share/lintian /usr/share/bug',
    'find /usr/share/doc -type f ! -name copyright -delete 2> /dev/null || true',
    'find /usr/share/doc -mindepth 1 -type d -empty -delete 2> /dev/null || true',
  ];
  return [
    'rm -f /usr/sbin/policy-rc.d',
    'if command -v cloud-init > /dev/null; then cloud-init clean --logs; fi',
    'rm -rf /var/cache/apt/* /var/lib/apt/lists/*',
    'find /var/log -type f -delete',
    'rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub',
    'rm -f /root/.bash_history /root/.ssh/authorized_keys /home/*/.bash_history /home/*/.ssh/authorized_keys',
    'rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/urandom/random-seed',
    ': > /etc/machine-id',
    'rm -f /var/lib/dbus/machine-id',
    ...remove.map((path) => `rm -f ${word(path)}`),
    ...(withoutDocumentation ? documentation : []),
  ].join('\n');
}

/** The root tree as one file, names sorted, without the folder that it is in. */
export const packTree = `tar -c --sort=name --one-file-system --numeric-owner --xattrs --exclude=.${FOLDER} -C / -f ${TREE} .`;

/** Fails, naming each, where a package is not there at its locked version. */
export function compare(packages: readonly ParentPackage[]): string {
  return [
    'status=0',
    'while read -r name version; do',
    '  found=$(dpkg-query -W -f \'${db:Status-Abbrev}${Version}\' "$name" 2> /dev/null || true)',
    '  if [ "$found" != "ii $version" ]; then echo "$name: locked at $version, there is: $found"; status=1; fi',
    "done <<'END'",
    ...packages.map((it) => `${it.name} ${it.version}`),
    'END',
    'exit $status',
  ].join('\n');
}

/** Waits until the unit runs on the booted machine. */
export function unitRuns(unit: string): string {
  return [
    `for second in $(seq 60); do systemctl is-active --quiet ${word(unit)} && exit 0; sleep 1; done`,
    `systemctl status --no-pager ${word(unit)}`,
    'exit 1',
  ].join('\n');
}
