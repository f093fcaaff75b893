import type { Universe } from '../../../resolver/universe/universe.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';

const INTO = '/opt/app';

/** What of PHP is a package of its own in Debian, by what sources call or composer.json requires. */
const EXTENSIONS: readonly (readonly [extension: string, use: RegExp])[] = [
  ['mbstring', /\bmb_\w+\s*\(/],
  [
    'xml',
    /\b(simplexml_\w+|xml_parser_\w+|utf8_(?:en|de)code)\s*\(|\bnew\s+\\?(DOMDocument|SimpleXMLElement|XMLReader|XMLWriter|XSLTProcessor)\b/,
  ],
  ['curl', /\bcurl_\w+\s*\(/],
  ['gd', /\bimage(?:create\w*|png|jpeg|gif|ttf\w*)\s*\(/],
  [
    'intl',
    /\bnew\s+\\?(NumberFormatter|IntlDateFormatter|Collator|MessageFormatter)\b|\b(idn_to_\w+|locale_\w+|normalizer_\w+)\s*\(/,
  ],
  ['mysql', /\bmysqli_\w+\s*\(|\bnew\s+\\?mysqli\b|["']mysql:/],
  ['pgsql', /\bpg_\w+\s*\(|["']pgsql:/],
  ['sqlite3', /\bnew\s+\\?SQLite3\b|["']sqlite:/],
  ['zip', /\bnew\s+\\?ZipArchive\b/],
  ['redis', /\bnew\s+\\?Redis\b/],
  ['bcmath', /\bbc(?:add|sub|mul|div|mod|pow|sqrt|comp)\s*\(/],
  ['gmp', /\bgmp_\w+\s*\(/],
  ['soap', /\bnew\s+\\?Soap(?:Client|Server)\b/],
];
/** Of composer.json's ext-*, those that are a part of another's package. */
const PART_OF: Readonly<Record<string, string>> = {
  dom: 'xml', simplexml: 'xml', xmlreader: 'xml', xmlwriter: 'xml', xsl: 'xml', libxml: 'xml', mysqli: 'mysql',
  pdo_mysql: 'mysql', mysqlnd: 'mysql', pdo_pgsql: 'pgsql', pdo_sqlite: 'sqlite3',
}; // biome-ignore format: a table

/** Whether a folder looks like a PHP application. */
export function isPhp(project: Project): boolean {
  return rootOf(project) !== undefined;
}

/** A PHP application, served by Apache with PHP in it: one service, and both are Debian's defaults for it. */
export function draftOfPhp({ archive }: DraftContext, folder: string, project: Project): Draft {
  const root = rootOf(project) ?? '';
  const documents = root === '' ? INTO : `${INTO}/${root}`;
  const isComposed = requiresPackages(project.text('composer.json') ?? '') && !project.has('vendor');
  return {
    name: nameFrom(folder),
    description: 'a PHP application, served by Apache',
    packages: ['libapache2-mod-php', ...extensionsOf(project, archive.universe)],
    from: { path: folder, into: INTO },
    run: { unit: 'apache2.service' },
    files: [
      {
        path: '/etc/apache2/sites-available/000-default.conf',
        content: siteOf(documents, isFrontController(project, root)),
        mode: '0644',
        owner: 'root',
        group: 'root',
      },
    ],
    ports: [80],
    http: true,
    notes: isComposed
      ? ['Run `composer install --no-dev` in the folder first: what it requires goes into the image with it.']
      : [],
  };
}

/** Whether composer.json asks for more than PHP and its extensions, or for classes to be found. */
function requiresPackages(text: string): boolean {
  const required = /"require"\s*:\s*\{([^}]*)\}/.exec(text)?.[1] ?? '';
  return /"[\w.-]+\/[\w.-]+"\s*:/.test(required) || /"autoload"\s*:/.test(text);
}

/** Folder of the documents: where the index is, the public one first. */
function rootOf(project: Project): string | undefined {
  return ['public', 'web', 'htdocs', 'www', ''].find((it) => project.has(it === '' ? 'index.php' : `${it}/index.php`));
}

/** One index that answers for every path, as frameworks have it. */
function isFrontController(project: Project, root: string): boolean {
  return root !== '' || /RewriteRule[^\n]*index\.php/.test(project.text('.htaccess') ?? '');
}

function extensionsOf(project: Project, universe: Universe): string[] {
  const sources = project.files.filter((it) => it.endsWith('.php')).map((it) => project.text(it) ?? '');
  const used = EXTENSIONS.filter(([, use]) => sources.some((it) => use.test(it))).map(([extension]) => extension);
  const required = [...(project.text('composer.json') ?? '').matchAll(/"ext-(\w+)"/g)].map((it) =>
    it[1]!.toLowerCase(),
  );
  const names = [...used, ...required.map((it) => PART_OF[it] ?? it)].map((it) => `php-${it}`);
  return [...new Set(names)].filter((it) => universe.candidate(it)).sort();
}

function siteOf(documents: string, isFront: boolean): string {
  return [
    '<VirtualHost *:80>',
    `  DocumentRoot ${documents}`,
    '  ErrorLog /dev/stderr',
    '  CustomLog /dev/stdout combined',
    `  <Directory ${documents}>`,
    '    Require all granted',
    '    AllowOverride All',
    '    DirectoryIndex index.php index.html',
    ...(isFront ? ['    FallbackResource /index.php'] : []),
    '  </Directory>',
    '  <DirectoryMatch "/\\.(?!well-known)">',
    '    Require all denied',
    '  </DirectoryMatch>',
    '  <FilesMatch "^\\.">',
    '    Require all denied',
    '  </FilesMatch>',
    '</VirtualHost>',
    '',
  ].join('\n');
}
