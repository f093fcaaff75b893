import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An application as Debian packages it, and what of the spec and its folder it takes. */
export interface HealthyApplication {
  readonly name: string;
  /** All of the spec but the name. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Files beside the spec. */
  readonly files?: Readonly<Record<string, string>>;
}

const unitOf = (packages: string[], unit: string, ports: number[], more: object = {}) => ({
  application: { packages, run: { unit }, ports, ...more },
});

const POSTGRES = '/usr/lib/postgresql/15/bin/postgres';
const CLUSTER = '15/main';

const postgresql = {
  packages: ['postgresql-15'],
  run: {
    command: [
      ...[POSTGRES, '-D', `/var/lib/postgresql/${CLUSTER}`],
      ...['-c', `config_file=/etc/postgresql/${CLUSTER}/postgresql.conf`],
    ],
    user: 'postgres',
    directories: [{ path: '/run/postgresql', mode: '2775', owner: 'postgres', group: 'postgres' }],
  },
  ports: [5432],
};

const FLASK = `from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"
`;

const NODE = `const http = require('node:http');

http.createServer((_, answer) => answer.end('hello')).listen(3000);
`;

/** Servers whose images nobody may accuse of anything: what Debian ships runs, and so must what Kiln takes of it. */
export const healthyApplications: readonly HealthyApplication[] = [
  { name: 'haproxy', spec: unitOf(['haproxy'], 'haproxy.service', [80]) },
  { name: 'memcached', spec: unitOf(['memcached'], 'memcached.service', [11211]) },
  { name: 'openssh', spec: { ...unitOf(['openssh-server'], 'ssh.service', [22]), boot: { init: 'systemd' } } },
  { name: 'nginx', spec: unitOf(['nginx'], 'nginx.service', [80]) },
  { name: 'redis', spec: unitOf(['redis-server'], 'redis-server.service', [6379]) },
  { name: 'postgresql', spec: { application: postgresql } },
  { name: 'mariadb', spec: unitOf(['mariadb-server'], 'mariadb.service', [3306]) },
  {
    name: 'flask',
    spec: {
      application: {
        packages: ['python3-flask', 'gunicorn'],
        from: { path: 'app', into: '/opt/app' },
        run: {
          command: ['/usr/bin/gunicorn', '--bind', '0.0.0.0:8000', 'app:app'],
          workingDirectory: '/opt/app',
          user: 'www-data',
        },
        ports: [8000],
      },
    },
    files: { 'app/app.py': FLASK },
  },
  {
    name: 'node',
    spec: {
      application: {
        packages: ['nodejs'],
        from: { path: 'app', into: '/opt/app' },
        run: { command: ['/usr/bin/node', '/opt/app/server.js'], user: 'www-data' },
        ports: [3000],
      },
    },
    files: { 'app/server.js': NODE },
  },
  {
    // A server that the runtime brings itself.
    name: 'openjdk',
    spec: {
      application: {
        packages: ['openjdk-17-jre-headless'],
        run: { command: ['/usr/bin/java', '-m', 'java.rmi/sun.rmi.registry.RegistryImpl', '1099'], user: 'www-data' },
        ports: [1099],
      },
    },
  },
];

/** Writes an application's spec and files into a folder; gives the spec's path. */
export function writeApplication(folder: string, { name, spec, files = {} }: HealthyApplication): string {
  const path = join(folder, 'image.yaml');
  const all = { ...files, 'image.yaml': JSON.stringify({ name, ...spec }) };
  for (const [file, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return path;
}
