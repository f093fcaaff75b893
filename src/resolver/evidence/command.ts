import { commandPaths, joinPath } from './path.ts';
import type { Context, Demand } from './rule.ts';
import { languageOf } from './runtimes.ts';

/** Options of a wrapper that take the next word as their value. */
const WRAPPERS: Readonly<Record<string, { readonly values: readonly string[]; readonly skip?: number }>> = {
  env: { values: ['-u', '-C', '-S', '--unset', '--chdir'] },
  nice: { values: ['-n', '--adjustment'] },
  ionice: { values: ['-c', '-n', '--class', '--classdata'] },
  nohup: { values: [] },
  setsid: { values: [] },
  stdbuf: { values: ['-i', '-o', '-e'] },
  time: { values: ['-f', '-o'] },
  timeout: { values: ['-k', '-s', '--kill-after', '--signal'], skip: 1 },
  flock: { values: ['-w', '-E', '--timeout'], skip: 1 },
  chroot: { values: ['--userspec', '--groups'], skip: 1 },
  chrt: { values: [], skip: 1 },
  taskset: { values: [], skip: 1 },
  xargs: {
    values: ['-n', '-I', '-P', '-L', '-d', '-E', '-s', '-a', '--max-args', '--max-procs', '--delimiter', '--arg-file'],
  },
  setpriv: {
    values: [
      '--reuid',
      '--regid',
      '--groups',
      '--bounding-set',
      '--inh-caps',
      '--ambient-caps',
      '--pdeathsig',
      '--securebits',
    ],
  },
  runuser: { values: ['-u', '-g', '-G', '--user', '--group'] },
  sudo: { values: ['-u', '-g', '-h', '-p', '-C', '-r', '-t', '-T', '-U', '--user', '--group'] },
  unshare: { values: ['-S', '-G', '-R', '-w', '--setuid', '--setgid', '--root', '--wd'] },
  catchsegv: { values: [] },
  numactl: { values: ['-C', '-m', '-i', '-N'] },
  exec: { values: ['-a'] },
  command: { values: [] },
  builtin: { values: [] },
};

/** The command that a command runs in turn (`nice -n 5 gzip x` gives `gzip x`); undefined where it runs none. */
export function innerCommand(argv: readonly (string | undefined)[]): (string | undefined)[] | undefined {
  const name = argv[0]?.slice(argv[0].lastIndexOf('/') + 1) ?? '';
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (!wrapper) return name === 'start-stop-daemon' ? daemonOf(argv) : name === 'find' ? foundWith(argv) : undefined;
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at];
    if (word === undefined) break;
    if (name === 'command' && /^-[vV]$/.test(word)) return undefined;
    if (word === '--') {
      at++;
      break;
    }
    if (wrapper.values.includes(word)) at++;
    else if (!word.startsWith('-') && !/^[A-Za-z_]\w*=/.test(word)) break;
  }
  const inner = argv.slice(at + (wrapper.skip ?? 0));
  return inner.length > 0 ? inner : undefined;
}

function daemonOf(argv: readonly (string | undefined)[]): (string | undefined)[] | undefined {
  if (!argv.some((word) => word === '--start' || word === '-S')) return undefined;
  const at = argv.findIndex((word) => /^(-x|--exec|-a|--startas)$/.test(word ?? ''));
  if (at < 0) return undefined;
  const end = argv.indexOf('--');
  return [argv[at + 1], ...(end < 0 ? [] : argv.slice(end + 1))];
}

function foundWith(argv: readonly (string | undefined)[]): (string | undefined)[] | undefined {
  const at = argv.findIndex((word) => /^-(exec|execdir|ok|okdir)$/.test(word ?? ''));
  return at < 0 ? undefined : argv.slice(at + 1);
}

/** The literal shell text that a command runs: `sh -c TEXT`, `su USER -c TEXT`. */
export function shellText(argv: readonly (string | undefined)[]): string | undefined {
  const name = argv[0]?.slice(argv[0].lastIndexOf('/') + 1) ?? '';
  if (!/^(sh|dash|bash|ash|su|runuser)$/.test(name)) return undefined;
  const at = argv.findIndex((word, index) => index > 0 && (word === '--command' || /^-[a-zA-Z]*c$/.test(word ?? '')));
  return at < 0 ? undefined : argv[at + 1];
}

/** Arguments are kept where they say what else is needed: scripts and modules of an interpreter, what a start names. */
function contextOf(
  argv: readonly (string | undefined)[],
  { by, line }: Pick<Demand, 'by' | 'line'>,
  context: Context,
): Context {
  const { argv: started, statedBy, ...rest } = context;
  if (started === undefined && languageOf(argv[0] ?? '') === undefined) return rest;
  const place = statedBy ?? { by, ...(line === undefined ? {} : { line }) };
  return { ...rest, argv: argv.map((word) => word ?? ''), statedBy: place };
}

/** The demand for a command by name or path, and those for the commands that it runs in turn. */
export function* commandDemands(
  argv: readonly (string | undefined)[],
  demand: Pick<Demand, 'rule' | 'by' | 'line' | 'required' | 'bring' | 'quiet' | 'onlyIf'>,
  context: Context = {},
): Iterable<Demand> {
  const [name] = argv;
  if (name === undefined || name === '') return;
  const paths = commandPaths(name, context.workingDirectory).map((path) => joinPath('/', path));
  yield { ...demand, needs: name, paths, role: 'run', context: contextOf(argv, demand, context) };
  const inner = innerCommand(argv);
  if (inner) yield* commandDemands(inner, demand, context);
}
