import { type CelRuleSource, kernelSettings, limitedAccess, listOf, notAsked } from '../cel-rules.ts';

const MODULES: readonly [clause: string, modules: readonly string[]][] = [
  ['1.1.1.1', ['cramfs']],
  ['1.1.1.2', ['freevxfs']],
  ['1.1.1.3', ['hfs']],
  ['1.1.1.4', ['hfsplus']],
  ['1.1.1.5', ['jffs2']],
  ['1.1.1.6', ['overlay']],
  ['1.1.1.7', ['squashfs']],
  ['1.1.1.8', ['udf']],
  ['1.1.1.9', ['usb-storage']],
  ['3.2.1', ['dccp', 'dccp_ipv4', 'dccp_ipv6']],
  ['3.2.2', ['tipc']],
  ['3.2.3', ['rds']],
  ['3.2.4', ['sctp']],
];

const on = (want: string, kernel: string, ...keys: string[]) =>
  Object.fromEntries(keys.map((key) => [key, { want, kernel }]));
/** A setting of all interfaces and of those to come. */
const both = (setting: string, want: string, kernel: string) =>
  on(want, kernel, `net.ipv4.conf.all.${setting}`, `net.ipv4.conf.default.${setting}`);
const bothV6 = (setting: string, want: string, kernel: string) =>
  on(want, kernel, `net.ipv6.conf.all.${setting}`, `net.ipv6.conf.default.${setting}`);

const ACCESS: readonly [clause: string, path: string, mode: string, groups?: readonly string[]][] = [
  ['1.6.4', '/etc/motd', '0644'],
  ['1.6.5', '/etc/issue', '0644'],
  ['1.6.6', '/etc/issue.net', '0644'],
  ['7.1.1', '/etc/passwd', '0644'],
  ['7.1.2', '/etc/passwd-', '0644'],
  ['7.1.3', '/etc/group', '0644'],
  ['7.1.4', '/etc/group-', '0644'],
  ['7.1.5', '/etc/shadow', '0640', ['root', 'shadow']],
  ['7.1.6', '/etc/shadow-', '0640', ['root', 'shadow']],
  ['7.1.7', '/etc/gshadow', '0640', ['root', 'shadow']],
  ['7.1.8', '/etc/gshadow-', '0640', ['root', 'shadow']],
  ['7.1.9', '/etc/shells', '0644'],
  ['7.1.10', '/etc/security/opasswd', '0600'],
];

/** CIS sections 1.1–1.6, 3.1–3.3, 6.1.4 and 7.1: kernel, network settings, rights on the system's files. */
export const system: readonly CelRuleSource[] = [
  ...MODULES.map(([clause, names]) => ({
    id: `cis-${clause}`,
    title: `the kernel cannot load ${names[0]}`,
    each: 'kernel.modules',
    where: `it in ${listOf(names)}`,
    require: 'false',
    seen: 'it',
    wanted: 'no such module in the root tree',
  })),
  notAsked(
    'cis-1.1.2',
    'partitions of their own for /tmp, /home, /var and /var/log',
    'an image has one root; /run and /tmp are made anew at each boot, and data belongs on a volume of its own',
  ),
  notAsked(
    'cis-1.2',
    'a package manager with signed sources',
    'no package manager runs in the image: it is baked again instead of updated',
  ),
  notAsked(
    'cis-1.4',
    'a boot loader with a password',
    'there is no boot loader: the firmware starts one signed-off kernel image with a fixed command line',
  ),
  {
    id: 'cis-1.3.1.1',
    title: 'AppArmor is in the image',
    mode: 'warn',
    require: 'packages.exists(p, p.name == "apparmor")',
    wanted: 'package apparmor',
    remedy: 'resolution.include: [apparmor], with systemd as the init',
  },
  kernelSettings('cis-1.5.1', 'addresses are laid out at random', on('2', '2', 'kernel.randomize_va_space')),
  kernelSettings('cis-1.5.2', 'a process may trace its own children only', on('1', '0', 'kernel.yama.ptrace_scope')),
  kernelSettings('cis-1.5.3', 'a set-id program leaves no core dump', on('0', '0', 'fs.suid_dumpable')),
  kernelSettings('cis-3.3.1', 'no packets are forwarded', {
    ...on('0', '0', 'net.ipv4.ip_forward'),
    ...on('0', '0', 'net.ipv6.conf.all.forwarding'),
  }),
  kernelSettings('cis-3.3.2', 'no redirects are sent', both('send_redirects', '0', '1')),
  kernelSettings(
    'cis-3.3.3',
    'bogus ICMP responses are ignored',
    on('1', '1', 'net.ipv4.icmp_ignore_bogus_error_responses'),
  ),
  kernelSettings(
    'cis-3.3.4',
    'broadcast ICMP requests are ignored',
    on('1', '1', 'net.ipv4.icmp_echo_ignore_broadcasts'),
  ),
  kernelSettings('cis-3.3.5', 'no ICMP redirects are taken', {
    ...both('accept_redirects', '0', '1'),
    ...bothV6('accept_redirects', '0', '1'),
  }),
  kernelSettings('cis-3.3.6', 'no ICMP redirects are taken from gateways either', both('secure_redirects', '0', '1')),
  kernelSettings('cis-3.3.7', 'packets are checked against their way back', both('rp_filter', '1', '0')),
  kernelSettings('cis-3.3.8', 'no source-routed packets are taken', {
    ...on('0', '0', 'net.ipv4.conf.all.accept_source_route'),
    ...on('0', '1', 'net.ipv4.conf.default.accept_source_route'),
    ...bothV6('accept_source_route', '0', '0'),
  }),
  kernelSettings('cis-3.3.9', 'packets from impossible addresses are logged', both('log_martians', '1', '0')),
  kernelSettings('cis-3.3.10', 'TCP SYN cookies are on', on('1', '1', 'net.ipv4.tcp_syncookies')),
  kernelSettings('cis-3.3.11', 'no IPv6 router advertisements are taken', bothV6('accept_ra', '0', '1')),
  {
    id: 'cis-3.1.2',
    title: 'no driver of a wireless interface is in the image',
    each: 'files',
    where: 'it.path.fits("/usr/lib/modules/*/kernel/drivers/net/wireless/**") && it.type == "file"',
    require: 'false',
    wanted: 'absent',
  },
  {
    id: 'cis-6.1.4.1',
    title: 'log files are not for everybody to read',
    applies: 'files.exists(f, f.type == "file" && f.path.startsWith("/var/log/"))',
    otherwise: 'there are no log files in the image',
    each: 'files',
    where: 'it.type == "file" && it.path.startsWith("/var/log/")',
    require:
      'it.path in ["/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"] ? it.mode.within("0664") : it.mode.within("0640")',
    seen: 'it.mode + " " + it.owner + ":" + it.group',
    wanted: '0640',
  },
  notAsked('cis-6.2', 'an audit daemon', 'nobody logs in to the machine; 5.4.2.7 and 5.1 judge whether somebody could'),
  notAsked('cis-6.3', 'a file integrity checker', 'the root tree is known by its digest before it is launched'),
  ...ACCESS.map(([clause, path, mode, groups]) => limitedAccess(`cis-${clause}`, path, mode, { groups })),
];
