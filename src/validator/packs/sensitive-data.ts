import type { PolicySource } from '../../model/policy.ts';
import { type CelRuleSource, kernelSettings, sshSetting, withoutPackages } from './cel-rules.ts';

/** Ports of protocols that send data and passwords as they are: FTP, telnet, SMTP, TFTP, HTTP, POP3, IMAP, SNMP, LDAP, r-commands, rsync, MQTT. */
const CLEARTEXT_PORTS = [20, 21, 23, 25, 69, 80, 110, 143, 161, 389, 512, 513, 514, 873, 1883];
const WEAK_PROTOCOL = '(^|[\\\\s,+=])(SSLv2|SSLv3|TLSv1|TLSv1[.]0|TLSv1[.]1|all)($|[\\\\s,])';
const WEAK_CIPHER = '(^|[:,\\\\s\\"])(aNULL|eNULL|NULL|EXPORT|EXP|RC4|DES|3DES|MD5|PSK|ADH|LOW)([:,\\\\s\\"+-]|$)';
const INTERPRETERS = [
  'bash',
  'dash',
  'sh',
  'zsh',
  'ksh*',
  'perl*',
  'python2*',
  'python3*',
  'ruby*',
  'node',
  'nodejs',
  'php*',
  'lua*',
  'tclsh*',
  'gawk',
  'mawk',
  'busybox',
];

const tls: readonly CelRuleSource[] = [
  {
    id: 'tls-protocols',
    title: 'TLS is spoken in version 1.2 or later',
    applies: 'size(tls) > 0',
    otherwise: 'no server that Kiln knows has TLS settings in the image',
    each: 'tls',
    where: 'it.setting.lowerAscii().matches("protocol|min[-_]?ver|version|options$")',
    require: `!it.value.matches("${WEAK_PROTOCOL}")`,
    seen: 'it.server + " line " + string(it.line) + ": " + it.setting + " " + it.value',
    wanted: 'TLSv1.2 TLSv1.3',
    remedy: 'application.files: the server’s configuration with newer protocols',
  },
  {
    id: 'tls-ciphers',
    title: 'TLS is spoken with ciphers that hold',
    applies: 'size(tls) > 0',
    otherwise: 'no server that Kiln knows has TLS settings in the image',
    each: 'tls',
    where: 'it.setting.lowerAscii().matches("cipher")',
    require: `!it.value.matches("${WEAK_CIPHER}")`,
    seen: 'it.server + " line " + string(it.line) + ": " + it.setting + " " + it.value',
    wanted: 'no NULL, export, RC4, DES or MD5 ciphers',
  },
];

const leaks: readonly CelRuleSource[] = [
  {
    id: 'cleartext-ports',
    title: 'the application listens on no port of a protocol in clear text',
    severity: 'high',
    each: 'ports',
    require: `!(it in [${CLEARTEXT_PORTS.join(', ')}])`,
    seen: '"port " + string(it)',
    wanted: 'the protocol’s TLS port',
    remedy: 'serve by TLS, or waive it where something in front of the image ends TLS',
  },
  withoutPackages(
    'cleartext-servers',
    'no server of a protocol in clear text is in the image',
    [
      'telnetd',
      'inetutils-telnetd',
      'rsh-server',
      'rsh-redone-server',
      'vsftpd',
      'ftpd',
      'tftpd',
      'tftpd-hpa',
      'atftpd',
      'talkd',
      'fingerd',
      'nis',
      'rpcbind',
    ],
    { severity: 'high' },
  ),
  {
    id: 'core-dumps',
    title: 'no core dump of the service is kept: it would hold what the service works on',
    severity: 'medium',
    require:
      'units.exists(u, u.name == service.unit && u.settings[?"Service.LimitCORE"].orValue("") in ["0", "0:0"]) || sysctl[?"kernel.core_pattern"].orValue("core") in ["|/bin/false", "|/usr/bin/false", "/dev/null"]',
    seen: '"kernel.core_pattern = " + sysctl[?"kernel.core_pattern"].orValue("core")',
    wanted: 'kernel.core_pattern = |/bin/false, or LimitCORE=0 in the unit',
    file: '"/etc/sysctl.d"',
  },
  kernelSettings('set-id-dumps', 'a set-id program leaves no core dump', {
    'fs.suid_dumpable': { want: '0', kernel: '0' },
  }),
  {
    id: 'log-permissions',
    title: 'logs are not for everybody to read',
    each: 'files',
    where:
      'it.path.startsWith("/var/log/") && it.type == "file" && !(it.path in ["/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"])',
    require: '!it.worldReadable && !it.worldWritable',
    seen: 'it.mode',
    wanted: '0640',
  },
  {
    id: 'no-swap',
    title: 'memory is not written to a disk',
    each: 'mounts',
    require: 'it.type != "swap"',
    file: '"/etc/fstab"',
    seen: 'it.device',
    wanted: 'no swap',
  },
];

const tools: readonly CelRuleSource[] = [
  {
    id: 'unneeded-interpreters',
    title: 'no shell or interpreter is in the image that the application does not need',
    severity: 'high',
    each: 'elf',
    where: `it.kind == "executable" && (${INTERPRETERS.map((name) => `it.path.fits("/usr/bin/${name}")`).join(' || ')})`,
    require: 'it.reachable',
    wanted: 'absent, or shown by evidence to be needed',
    remedy: 'minimize.remove in the spec',
  },
  withoutPackages('no-debuggers', 'no debugger, tracer or compiler is in the image', [
    'gdb',
    'strace',
    'ltrace',
    'tcpdump',
    'gcc',
    'gcc-1?',
    'clang',
    'clang-1?',
    'tcc',
    'nmap',
    'netcat-*',
    'ncat',
    'socat',
  ]),
  {
    id: 'hardened-programs',
    title: 'the programs and libraries that can run are position independent, with full RELRO and no executable stack',
    mode: 'warn',
    severity: 'low',
    each: 'elf',
    where: 'it.reachable && it.kind == "executable"',
    require: 'it.pie && it.relro == "full" && !it.executableStack',
    seen: '(it.pie ? "PIE" : "no PIE") + ", RELRO " + it.relro + (it.executableStack ? ", executable stack" : "")',
    wanted: 'PIE, RELRO full',
  },
  {
    id: 'service-user',
    title: 'the service does not run as root',
    mode: 'warn',
    severity: 'medium',
    require: '!(service.user in ["root", "0", ""])',
    seen: 'service.user',
    wanted: 'a user of its own',
  },
];

/** What an industry that keeps other people's data asks of an image on top of the baseline. */
export const sensitiveData: PolicySource = {
  name: 'sensitive-data',
  description:
    'nothing that the service works on leaves it in clear text, in a dump or in a log, and nobody finds tools there',
  extends: ['baseline'],
  rules: [
    ...leaks,
    ...tls,
    ...tools,
    sshSetting(
      'ssh-passwords',
      'SSH takes keys, not passwords',
      'ssh.options[?"passwordauthentication"].orValue("yes") == "no"',
      'passwordauthentication',
      'no',
      { severity: 'high' },
    ),
    { rule: 'setuid-files', severity: 'high', parameters: { allow: ['/usr/sbin/unix_chkpwd'] } },
    { rule: 'conffiles-unchanged', severity: 'medium' },
    { rule: 'no-known-vulnerability', severity: 'high', parameters: { limit: 'medium' } },
  ],
};
