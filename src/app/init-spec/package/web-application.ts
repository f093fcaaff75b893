import type { ExtraFile } from '../../../model/spec.ts';
import type { DebContents } from '../../../ports/package-source.ts';
import { type Draft, nameFrom } from '../draft/draft.ts';

/** Web pages and programs that a package lays down for a web server to serve. */
export interface WebApplication {
  /** What serves them, besides the package. */
  readonly packages: readonly string[];
  /** The site of the server. */
  readonly site: ExtraFile;
  /** Where its first page is. */
  readonly path: string;
}

const CONFIGURATION = /^\/etc\/(?:apache2\/conf-available\/[^/]+|(?!apache2\/)[^/]+\/apache\d?)\.conf$/;
const INDEX = /^\/(?:usr\/share|var\/lib)\/[^/]+\/(?:(?:public|public_html|htdocs|html|www|web|site)\/)?index\.php$/;
const ALIAS = /^\s*(?:Script)?Alias\s+"?(\/[\w.-]+)\/?"?\s+"?\/[^"\n]+"?\s*$/m;
const SITE = '/etc/apache2/sites-available/000-default.conf';

/**
 * The application in a package's files, served by Apache: by the configuration for it that the package brings, else from the folder
 * of its index. Undefined where it has neither.
 */
export function webApplicationOf({ data }: DebContents): WebApplication | undefined {
  const paths = [...data.entries()].filter((it) => it.type !== 'directory').map((it) => it.path);
  const [configuration] = paths.filter((it) => CONFIGURATION.test(it)).sort(byDepth);
  const [index] = paths.filter((it) => INDEX.test(it)).sort(byDepth);
  const text = configuration === undefined ? '' : textOf(data, configuration);
  const alias = ALIAS.exec(text)?.[1];
  if (alias === undefined && index === undefined) return undefined;
  const documents = alias === undefined ? index!.replace(/\/index\.php$/, '') : undefined;
  const isScript = /^\s*ScriptAlias|\bExecCGI\b/m.test(text);
  const isPhp = index !== undefined || paths.some((it) => it.endsWith('.php'));
  return {
    packages: [isPhp ? 'libapache2-mod-php' : 'apache2'],
    site: siteOf({ documents, configuration, isScript }),
    path: alias === undefined ? '/' : `${alias}/`,
  };
}

/** The draft of a package that Apache serves. */
export function draftOfWeb(name: string, { packages, site, path }: WebApplication): Draft {
  return {
    name: nameFrom(name),
    description: `the Debian package ${name}, served by Apache`,
    packages: [name, ...packages],
    run: { unit: 'apache2.service' },
    ports: [80],
    files: [site],
    http: false,
    notes: [
      `It runs nothing itself: Apache serves it, at ${path}. Ask that by \`http\` once it has the configuration or the database that it needs.`,
    ],
  };
}

// Fewer folders first: deeper ones are parts; of equals the one that the alphabet has first.
function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}

function textOf(data: DebContents['data'], path: string): string {
  const file = data.resolve(path);
  return file?.type === 'file' ? data.read(path).toString('utf8') : '';
}

interface Site {
  readonly documents: string | undefined;
  readonly configuration: string | undefined;
  readonly isScript: boolean;
}

function siteOf({ documents, configuration, isScript }: Site): ExtraFile {
  const folder = [
    `  DocumentRoot ${documents}`,
    `  <Directory ${documents}>`,
    '    Options FollowSymLinks',
    '    AllowOverride All',
    '    DirectoryIndex index.php index.html',
    '    Require all granted',
    // The package's own script may have let in the machine itself only, in Apache's older words.
    '    <IfModule mod_access_compat.c>',
    '      Order allow,deny',
    '      Allow from all',
    '    </IfModule>',
    '  </Directory>',
  ];
  const lines = [
    ...(isScript ? ['LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so'] : []),
    '<VirtualHost *:80>',
    '  ErrorLog /dev/stderr',
    ...(documents === undefined ? [] : folder),
    ...(configuration === undefined ? [] : [`  Include ${configuration}`]),
    '</VirtualHost>',
  ];
  return { path: SITE, content: `${lines.join('\n')}\n`, mode: '0644', owner: 'root', group: 'root' };
}
