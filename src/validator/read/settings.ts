import type { FileTree } from '../../model/file-tree.ts';
import type { Inventory } from '../../model/inventory.ts';
import { dropIns, readText, settingLines } from './text.ts';

/** Kernel settings of sysctl.d(5) and sysctl.conf, the later over the earlier, keys with dots. */
export function readSysctl(tree: FileTree): Record<string, string> {
  const settings: Record<string, string> = {};
  const files = dropIns(
    tree,
    ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d'],
    '.conf',
  );
  for (const path of [...files, '/etc/sysctl.conf']) {
    for (const { text } of settingLines(readText(tree, path) ?? '')) {
      const [, key, value] = /^-?\s*([^=\s]+)\s*=\s*(.*)$/.exec(text) ?? [];
      if (key !== undefined && value !== undefined) settings[key.replaceAll('/', '.')] = value.trim();
    }
  }
  return settings;
}

/** Lines of /etc/fstab (fstab(5)). */
export function readMounts(tree: FileTree): Inventory['mounts'] {
  return [...settingLines(readText(tree, '/etc/fstab') ?? '', /^\s*#/)].flatMap(({ text }) => {
    const [device, path, type, options] = text.split(/\s+/);
    return device && path && type ? [{ device, path, type, options: (options ?? 'defaults').split(',') }] : [];
  });
}

/** Modules of each service in /etc/pam.d, in order (pam.conf(5)); includes stay as lines of their own. */
export function readPam(tree: FileTree): Inventory['pam'] {
  return tree.list('/etc/pam.d').flatMap((service) => {
    const text = (readText(tree, `/etc/pam.d/${service}`) ?? '').replaceAll('\\\n', ' ');
    return [...settingLines(text, /^\s*#/)].flatMap((it) => pamLine(service, it));
  });
}

function pamLine(service: string, { text, line }: { text: string; line: number }): Inventory['pam'] {
  const include = /^@include\s+(\S+)/.exec(text);
  if (include) return [{ service, type: '', control: '@include', module: include[1]!, line }];
  const match = /^(-?[a-z]+)\s+(\[[^\]]*\]|\S+)\s+(\S+)/.exec(text);
  return match ? [{ service, type: match[1]!, control: match[2]!, module: match[3]!, line }] : [];
}

/** Configuration files of servers that speak TLS, and the settings of theirs that decide how. */
const TLS_SERVERS: readonly { server: string; folders: readonly string[]; setting: RegExp }[] = [
  {
    server: 'nginx',
    folders: ['/etc/nginx', '/etc/nginx/conf.d', '/etc/nginx/sites-enabled', '/etc/nginx/snippets'],
    setting: /^(ssl_\w+)\s+([^;]+);/,
  },
  {
    server: 'apache',
    folders: ['/etc/apache2', '/etc/apache2/mods-enabled', '/etc/apache2/sites-enabled', '/etc/apache2/conf-enabled'],
    setting: /^(SSL\w+)\s+(.+)$/i,
  },
  {
    server: 'haproxy',
    folders: ['/etc/haproxy'],
    setting: /^(ssl-default-bind-\w+|ssl-default-server-\w+|tune\.ssl\.[\w.-]+)\s+(.+)$/,
  },
  { server: 'postgresql', folders: ['/etc/postgresql/*/*'], setting: /^(ssl\w*)\s*=\s*([^#]+)/ },
  {
    server: 'mariadb',
    folders: ['/etc/mysql', '/etc/mysql/conf.d', '/etc/mysql/mariadb.conf.d'],
    setting: /^(ssl[-_]\w+|tls[-_]version|require[-_]secure[-_]transport)\s*=\s*(.+)$/,
  },
  { server: 'redis', folders: ['/etc/redis'], setting: /^(tls-[\w-]+)\s+(.+)$/ },
  {
    server: 'openssl',
    folders: ['/etc/ssl'],
    setting: /^(MinProtocol|MaxProtocol|CipherString|Ciphersuites)\s*=\s*(.+)$/,
  },
];

/** TLS settings in the configuration of servers that Kiln knows, with file and line. */
export function readTls(tree: FileTree): Inventory['tls'] {
  return TLS_SERVERS.flatMap(({ server, folders, setting }) =>
    folders
      .flatMap((folder) => configurationFiles(tree, folder))
      .flatMap((path) =>
        [...settingLines(readText(tree, path) ?? '')].flatMap(({ line, text }) => {
          const match = setting.exec(text);
          return match ? [{ path, line, server, setting: match[1]!, value: match[2]!.trim() }] : [];
        }),
      ),
  );
}

function configurationFiles(tree: FileTree, folder: string): string[] {
  const folders = folder
    .split('/')
    .slice(1)
    .reduce<string[]>(
      (found, part) =>
        found.flatMap((base) =>
          part === '*' ? tree.list(base).map((name) => `${base}/${name}`) : [`${base}/${part}`],
        ),
      [''],
    );
  return folders
    .flatMap((base) => tree.list(base).map((name) => `${base}/${name}`))
    .filter((path) => tree.resolve(path)?.type === 'file');
}
