import { type CelRuleSource, limitedAccess, notAsked, withoutPackages } from '../cel-rules.ts';

const SERVERS: readonly [clause: string, what: string, packages: readonly string[]][] = [
  ['2.1.1', 'no automounter', ['autofs']],
  ['2.1.2', 'no Avahi daemon', ['avahi-daemon']],
  ['2.1.3', 'no DHCP server', ['isc-dhcp-server', 'kea-dhcp*-server', 'udhcpd']],
  ['2.1.4', 'no DNS server', ['bind9', 'unbound', 'pdns-server', 'knot']],
  ['2.1.5', 'no dnsmasq', ['dnsmasq', 'dnsmasq-base']],
  ['2.1.6', 'no FTP server', ['vsftpd', 'proftpd-*', 'pure-ftpd*', 'ftpd']],
  ['2.1.7', 'no LDAP server', ['slapd']],
  ['2.1.8', 'no IMAP or POP3 server', ['dovecot-*', 'cyrus-imapd', 'courier-imap']],
  ['2.1.9', 'no network file system server', ['nfs-kernel-server', 'nfs-ganesha']],
  ['2.1.10', 'no NIS server', ['ypserv', 'nis']],
  ['2.1.11', 'no print server', ['cups', 'cups-daemon']],
  ['2.1.12', 'no rpcbind', ['rpcbind']],
  ['2.1.13', 'no rsync', ['rsync']],
  ['2.1.14', 'no Samba server', ['samba']],
  ['2.1.15', 'no SNMP server', ['snmpd']],
  ['2.1.16', 'no TFTP server', ['tftpd-hpa', 'atftpd', 'tftpd']],
  ['2.1.17', 'no web proxy', ['squid', 'squid-openssl', 'tinyproxy', 'privoxy']],
  ['2.1.18', 'no web server but the application', ['nginx', 'apache2', 'lighttpd']],
  ['2.1.19', 'no xinetd', ['xinetd', 'openbsd-inetd', 'inetutils-inetd']],
  ['2.1.20', 'no X server', ['xserver-common', 'xserver-xorg-core']],
  ['2.1.21', 'no mail server', ['exim4-daemon-*', 'postfix', 'sendmail-bin']],
  ['2.2.1', 'no NIS client', ['nis', 'yp-tools', 'ypbind-mt']],
  ['2.2.2', 'no rsh client', ['rsh-client', 'rsh-redone-client']],
  ['2.2.3', 'no talk client', ['talk', 'inetutils-talk']],
  ['2.2.4', 'no telnet client', ['telnet', 'inetutils-telnet']],
  ['2.2.5', 'no LDAP client', ['ldap-utils']],
  ['2.2.6', 'no FTP client', ['ftp', 'tnftp', 'inetutils-ftp']],
  ['1.5.4', 'no prelink', ['prelink']],
  ['1.5.5', 'no automatic error reporting', ['apport', 'whoopsie']],
  ['1.7.1', 'no graphical login', ['gdm3']],
  ['3.1.3', 'no Bluetooth services', ['bluez']],
];

const CRON: readonly [clause: string, path: string, mode: string][] = [
  ['2.4.1.2', '/etc/crontab', '0600'],
  ['2.4.1.3', '/etc/cron.hourly', '0700'],
  ['2.4.1.4', '/etc/cron.daily', '0700'],
  ['2.4.1.5', '/etc/cron.weekly', '0700'],
  ['2.4.1.6', '/etc/cron.monthly', '0700'],
  ['2.4.1.7', '/etc/cron.d', '0700'],
];

/** CIS sections 1.5, 1.7, 2 and 4: what runs beside the application. */
export const services: readonly CelRuleSource[] = [
  ...SERVERS.map(([clause, what, packages]) => withoutPackages(`cis-${clause}`, what, packages)),
  {
    id: 'cis-2.1.22',
    title: 'only ports of the application are listened on',
    applies: 'size(listening) > 0',
    otherwise: 'the image has not been run yet, or listens on nothing',
    each: 'listening',
    where: '!(it.address in ["127.0.0.1", "::1"])',
    require: 'it.port in ports',
    seen: 'it.protocol + " " + it.address + " port " + string(it.port)',
    wanted: 'a port that application.ports names',
  },
  {
    id: 'cis-2.3.1.1',
    title: 'at most one service sets the clock',
    require: 'size(packages.filter(p, p.name in ["chrony", "systemd-timesyncd", "ntpsec", "ntp", "openntpd"])) <= 1',
    wanted: 'one of chrony and systemd-timesyncd',
  },
  ...CRON.map(([clause, path, mode]) => ({
    ...limitedAccess(`cis-${clause}`, path, mode),
    applies: 'packages.exists(p, p.name in ["cron", "systemd-cron", "cronie", "bcron"])',
    otherwise: 'nothing in the image runs cron jobs',
  })),
  notAsked(
    'cis-4',
    'a firewall of the machine’s own',
    'what may reach a machine is decided outside of it, by the network that it is launched in; 2.1.22 judges what listens',
  ),
];
