import { basename, dirname, join } from 'node:path';
import { nearestWord } from '../../formats/text/nearest.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Run } from '../../model/spec.ts';
import { readAccounts } from './accounts.ts';
import { SERVICE_PATH, type Service } from './service.ts';

/** Ports below belong to root, unless the kernel is told otherwise (ip(7), ip_unprivileged_port_start). */
const FIRST_FREE_PORT = 1024;
const LOW_PORTS = { 'net.ipv4.ip_unprivileged_port_start': '0' };

/** The service that `application.run.command` describes, which listens on `ports` whoever it runs as. Throws KilnError SPEC_INVALID where its user or program is not in the tree. */
export function commandService(run: Run, name: string, tree: FileTree, ports: readonly number[] = []): Service {
  const argv = run.command ?? [];
  const userName = run.user ?? 'root';
  const user = readAccounts(tree).user(userName);
  if (user === undefined) {
    throw new KilnError('SPEC_INVALID', `application.run.user: ${userName} is not in the image's /etc/passwd`, {
      hint: 'a package of the application must make the user when it is configured',
    });
  }
  for (const [program] of [argv, ...run.before]) requireProgram(program ?? '', tree);
  const own: Record<string, string> =
    userName === 'root' ? {} : { HOME: user.home, LOGNAME: user.name, USER: user.name };
  return {
    name,
    type: 'simple',
    remainAfterExit: false,
    user: user.name,
    group: run.group,
    environment: { PATH: SERVICE_PATH, ...own, ...run.environment },
    workingDirectory: run.workingDirectory ?? '/',
    limits: {},
    noNewPrivileges: false,
    sysctls: user.name !== 'root' && ports.some((it) => it < FIRST_FREE_PORT) ? LOW_PORTS : {},
    directories: run.directories.map(({ path, mode, owner, group }) => ({
      path,
      mode: Number.parseInt(mode, 8),
      owner,
      group,
    })),
    before: run.before.map((command) => ({ argv: command, ignoreFailure: false, asRoot: true })),
    main: [{ argv, ignoreFailure: false, asRoot: false }],
    after: [],
    stop: [],
    stopSignal: 'TERM',
    killMode: 'mixed',
    stopSeconds: 90,
  };
}

function requireProgram(program: string, tree: FileTree): void {
  const found = tree.resolve(program);
  if (program.startsWith('/') && found?.type === 'file') return;
  const why = program.startsWith('/') ? 'is not in the image' : 'is not an absolute path';
  const near = nearestProgram(program, tree);
  throw new KilnError('SPEC_INVALID', `application.run: the program ${program} ${why}`, {
    hint: near
      ? `did you mean ${near}?`
      : 'application.packages or application.files must bring it; resolution.includeFiles adds a file of any package',
  });
}

const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/sbin', '/usr/bin'];

/** The same name in another folder of programs, else one that is like it in its own. */
function nearestProgram(program: string, tree: FileTree): string | undefined {
  const name = basename(program);
  const elsewhere = PROGRAM_FOLDERS.map((it) => `${it}/${name}`).find((it) => tree.resolve(it)?.type === 'file');
  if (elsewhere !== undefined) return elsewhere;
  const folder = dirname(program);
  const near = nearestWord(program.startsWith('/') ? tree.list(folder) : [], name);
  return near === undefined ? undefined : join(folder, near);
}
