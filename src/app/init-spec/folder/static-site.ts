import { type Draft, nameFrom } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';

const INTO = '/opt/app';
/** Where tools that make pages leave them. */
const MADE = ['dist', 'build', 'out', '_site', 'public', 'site', 'www', 'html', 'dist/browser'];

/** The folder of pages with an index, relative to the project: the project itself, or where a tool has made them. */
export function pagesIn(project: Project): string | undefined {
  return ['', ...MADE].find((it) => project.has(it === '' ? 'index.html' : `${it}/index.html`));
}

/** Pages without a program: served by nginx, by a site of its own in place of Debian's default. */
export function draftOfPages(folder: string, pages: string): Draft {
  return {
    name: nameFrom(folder),
    description: 'pages, served by nginx',
    packages: ['nginx'],
    from: { path: pages === '' ? folder : `${folder}/${pages}`, into: INTO },
    run: { unit: 'nginx.service' },
    files: [{ path: '/etc/nginx/sites-available/default', content: SITE, mode: '0644', owner: 'root', group: 'root' }],
    ports: [80],
    http: true,
    notes: ['For an application that has addresses of its own in the browser, let `try_files` end in /index.html.'],
  };
}

const SITE = [
  'server {',
  '  listen 80 default_server;',
  '  listen [::]:80 default_server;',
  `  root ${INTO};`,
  '  index index.html;',
  '  location / {',
  '    try_files $uri $uri/ $uri.html =404;',
  '  }',
  '  location ~ /\\.(?!well-known) {',
  '    deny all;',
  '  }',
  '}',
  '',
].join('\n');
