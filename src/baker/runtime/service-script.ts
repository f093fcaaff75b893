import type { Accounts } from './accounts.ts';
import { HOST_NAME, MACHINE_ID, type Service, type ServiceCommand } from './service.ts';

const BUSYBOX = '/usr/lib/kiln/busybox';
/** start-stop-daemon looks for a process that runs already; none has a PID file of this name. */
const NO_PID_FILE = '/run/kiln/none';

/** A word of a shell command, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The shell file that `/usr/lib/kiln/run` reads: what the service is, and functions that run its commands. */
export function serviceScript(service: Service, accounts: Accounts): string {
  const settings = {
    name: service.name,
    type: service.type,
    pid_file: service.pidFile ?? '',
    kill_signal: service.stopSignal,
    kill_mode: service.killMode,
    stop_seconds: String(service.stopSeconds),
    remain_after_exit: service.remainAfterExit ? '1' : '',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${shellWord(value)}`);
  const body = (commands: readonly ServiceCommand[]) =>
    commands.map((command) => `  ${runLine(command, service, accounts)}\n`).join('');
  const last = service.main.at(-1)!;
  const earlier = service.main.slice(0, -1);
  return [
    `${lines.join('\n')}\n`,
    `before() {\n${sysctlLines(service)}${body(service.before)}  return 0\n}\n`,
    `main() {\n${body(earlier)}${limitLines(service)}  exec ${BUSYBOX} setsid ${argvOf(last, service, accounts)}\n}\n`,
    `after() {\n${body(service.after)}  return 0\n}\n`,
    `stop() {\n${body(service.stop)}  return 0\n}\n`,
  ].join('\n');
}

function runLine(command: ServiceCommand, service: Service, accounts: Accounts): string {
  const line = `(cd ${shellWord(service.workingDirectory)} && exec ${argvOf(command, service, accounts)})`;
  const told = shellWord(`needs a command that failed: ${command.argv.join(' ')}`);
  return command.ignoreFailure ? line : `${line} || { say ${told}; return 1; }`;
}

function argvOf(command: ServiceCommand, service: Service, accounts: Accounts): string {
  const variables = Object.entries(service.environment).map(([name, value]) => commandWord(`${name}=${value}`));
  const environment = [BUSYBOX, 'env', '-i', ...variables, ...(usesMainPid(command) ? ['MAINPID="$MAINPID"'] : [])];
  const privileges = service.noNewPrivileges ? [BUSYBOX, 'setpriv', '--nnp'] : [];
  const user = asUser(command, service, accounts);
  const words = user.length === 0 ? command.argv : command.argv.slice(1);
  return [...environment, ...privileges, ...user, ...words.map(commandWord)].join(' ');
}

function asUser(command: ServiceCommand, service: Service, accounts: Accounts): string[] {
  if (command.asRoot || (service.user === 'root' && service.group === undefined)) return [];
  const identity = service.group === undefined ? service.user : `${service.user}:${service.group}`;
  if (accounts.user(service.user) === undefined) throw new Error(`internal: ${service.user} is not an account`);
  const program = shellWord(command.argv[0]!);
  return [
    BUSYBOX,
    'start-stop-daemon',
    '-S',
    '-q',
    '-p',
    NO_PID_FILE,
    '-c',
    shellWord(identity),
    '-a',
    program,
    '-x',
    program,
    '--',
  ];
}

function usesMainPid(command: ServiceCommand): boolean {
  return command.argv.some((word) => /\$\{?MAINPID/.test(word));
}

/** Known when the service starts; the shell is busybox's, which has these commands itself. */
const KNOWN_LATER: Readonly<Record<string, string>> = {
  $MAINPID: '"$MAINPID"',
  '${MAINPID}': '"$MAINPID"',
  [HOST_NAME]: '"$(hostname)"',
  [MACHINE_ID]: '"$(cat /etc/machine-id)"',
};

function commandWord(word: string): string {
  const parts = word.split(/(\$MAINPID|\$\{MAINPID\}|\u0001[Hm])/);
  return parts.length === 1
    ? shellWord(word)
    : parts.map((part) => KNOWN_LATER[part] ?? (part === '' ? '' : shellWord(part))).join('');
}

function limitLines(service: Service): string {
  const limits = Object.entries(service.limits).map(([letter, value]) => `  ulimit -${letter} ${shellWord(value)}\n`);
  const umask = service.umask === undefined ? '' : `  umask ${shellWord(service.umask)}\n`;
  return `${limits.join('')}${umask}  cd ${shellWord(service.workingDirectory)} || exit 1\n`;
}

function sysctlLines(service: Service): string {
  return Object.entries(service.sysctls)
    .map(([name, value]) => `  sysctl -q -w ${name}=${value}\n`)
    .join('');
}
