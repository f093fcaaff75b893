import { describe, expect, test } from 'vitest';
import { type MemoryFile, memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import { alternativesOf } from '../../../src/resolver/evidence/alternatives.ts';
import { type EvidenceRequest, gatherEvidence, type Need, type Start } from '../../../src/resolver/evidence/gather.ts';
import { buildElf, type ElfRecipe } from './build-elf.ts';

type Files = Readonly<Record<string, MemoryFile>>;

const LIB = '/usr/lib/x86_64-linux-gnu';
const elf = (recipe: ElfRecipe = {}): MemoryFile => ({ content: buildElf(recipe), mode: 0o755 });
const script = (text: string): MemoryFile => ({ content: text, mode: 0o755 });
const link = (target: string): MemoryFile => ({ target });
/** A file that belongs to no package. */
const own = (content: string): MemoryFile => ({ content, package: '' });
const unit = (...lines: string[]): MemoryFile => `[Service]\n${lines.join('\n')}\n`;

const run = (...argv: string[]): Start => ({ kind: 'command', argv, by: 'image.yaml: application.run' });
const service = (name: string): Start => ({ kind: 'unit', name, by: 'image.yaml: application.run' });
const named = (path: string): Start => ({ kind: 'file', path, by: 'image.yaml: resolution.includeFiles' });

const DASH: Files = { '/bin/sh': link('dash'), '/bin/dash': elf() };
const SHELL = ['/usr/bin/dash', '/usr/bin/sh'];

interface Row {
  readonly summary: string;
  readonly tree: Files;
  readonly candidates?: Files;
  readonly starts?: readonly Start[];
  readonly more?: Partial<EvidenceRequest>;
  /** Paths brought back; absent: none. */
  readonly back?: readonly string[];
  /** `needs`, with a `?` behind what is not required; absent: none. */
  readonly missing?: readonly string[];
  /** Paths that must be reachable. */
  readonly reaches?: readonly string[];
}

const gather = ({ tree, candidates = {}, starts = [run('/usr/bin/app')], more = {} }: Row) =>
  gatherEvidence({
    tree: memoryTree(tree, { package: 'app' }),
    candidates: memoryTree(candidates, { package: 'base' }),
    starts,
    ...more,
  });

function check(row: Row): void {
  const result = gather(row);
  expect(result.files.map(({ path }) => path)).toEqual(row.back ?? []);
  expect(result.missing.map(({ needs, required }) => needs + (required ? '' : '?'))).toEqual(row.missing ?? []);
  expect([...result.reachable.keys()]).toEqual(expect.arrayContaining([...(row.reaches ?? [])]));
}

describe('starts', () => {
  test.each<Row>([
    { summary: 'a program that is in needs nothing more', tree: { '/usr/bin/app': elf() }, reaches: ['/usr/bin/app'] },
    {
      summary: 'a program by name is found in the command path',
      tree: { '/usr/sbin/app': elf() },
      starts: [run('app')],
      reaches: ['/usr/sbin/app'],
    },
    {
      summary: 'a file that cannot be executed is no program',
      tree: { '/usr/bin/app': 'text' },
      missing: ['/usr/bin/app'],
    },
    { summary: 'a unit that nobody has is missing', tree: {}, starts: [service('x.service')], missing: ['x.service'] },
    {
      summary: 'a file is brought back with what it needs',
      tree: {},
      starts: [named('/usr/bin/tool')],
      candidates: { '/usr/bin/tool': elf({ needed: ['liba.so.1'] }), [`${LIB}/liba.so.1`]: elf() },
      back: ['/usr/bin/tool', `${LIB}/liba.so.1`],
    },
    {
      summary: 'what is not reached is not asked',
      tree: { '/usr/bin/app': elf(), '/usr/bin/other': script('#!/bin/sh\ngrep x\n') },
      candidates: { ...DASH, '/bin/grep': elf() },
    },
  ])('$summary', check);
});

describe('ELF files', () => {
  test.each<Row>([
    {
      summary: 'the interpreter, with the links that lead to it',
      tree: { '/usr/bin/app': elf({ interpreter: '/lib64/ld.so' }) },
      candidates: { '/lib64/ld.so': link('/lib/x86_64-linux-gnu/ld.so'), '/lib/x86_64-linux-gnu/ld.so': elf() },
      back: [`${LIB}/ld.so`, '/usr/lib64/ld.so'],
    },
    {
      summary: 'libraries, and theirs',
      tree: { '/usr/bin/app': elf({ needed: ['liba.so.1'] }), [`${LIB}/liba.so.1`]: elf({ needed: ['libb.so.1'] }) },
      candidates: { [`${LIB}/libb.so.1`]: link('libb.so.1.2'), [`${LIB}/libb.so.1.2`]: elf() },
      back: [`${LIB}/libb.so.1`, `${LIB}/libb.so.1.2`],
    },
    {
      summary: 'a library that nobody has',
      tree: { '/usr/bin/app': elf({ needed: ['liba.so.1'] }) },
      missing: ['liba.so.1'],
    },
    {
      summary: 'a library for another machine does not count',
      tree: { '/usr/bin/app': elf({ needed: ['liba.so.1'] }), '/usr/lib/liba.so.1': elf({ machine: 3 }) },
      missing: ['liba.so.1'],
    },
    {
      summary: 'RUNPATH with $ORIGIN',
      tree: { '/opt/a/bin/app': elf({ needed: ['liba.so'], runpath: '$ORIGIN/../lib' }), '/opt/a/lib/liba.so': elf() },
      starts: [run('/opt/a/bin/app')],
      reaches: ['/opt/a/lib/liba.so'],
    },
    {
      summary: 'RPATH is handed down',
      tree: {
        '/usr/bin/app': elf({ needed: ['liba.so'], rpath: '/opt/x' }),
        '/opt/x/liba.so': elf({ needed: ['libb.so'] }),
        '/opt/x/libb.so': elf(),
      },
      reaches: ['/opt/x/libb.so'],
    },
    {
      summary: 'RUNPATH is not',
      tree: {
        '/usr/bin/app': elf({ needed: ['liba.so'], runpath: '/opt/x' }),
        '/opt/x/liba.so': elf({ needed: ['libb.so'] }),
        '/opt/x/libb.so': elf(),
      },
      missing: ['libb.so'],
    },
    {
      summary: 'folders of ld.so.conf',
      tree: {
        '/usr/bin/app': elf({ needed: ['liba.so'] }),
        '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
        '/etc/ld.so.conf.d/x.conf': '# mine\n/opt/lib\n',
        '/opt/lib/liba.so': elf(),
      },
      reaches: ['/opt/lib/liba.so'],
    },
    {
      summary: 'popen needs a shell',
      tree: { '/usr/bin/app': elf({ imports: ['popen'] }) },
      candidates: DASH,
      back: SHELL,
    },
    {
      summary: 'popen in a library does, too',
      tree: { '/usr/bin/app': elf({ needed: ['liba.so'] }), [`${LIB}/liba.so`]: elf({ imports: ['system'] }) },
      candidates: DASH,
      back: SHELL,
    },
    {
      summary: 'defining popen does not',
      tree: {
        '/usr/bin/app': elf({ needed: ['libc.so.6'] }),
        [`${LIB}/libc.so.6`]: elf({ soname: 'libc.so.6', exports: ['popen'], imports: ['execve'], texts: ['/bin/sh'] }),
      },
      candidates: DASH,
    },
    {
      summary: 'popen with no shell anywhere',
      tree: { '/usr/bin/app': elf({ imports: ['popen'] }) },
      missing: ['/bin/sh (imports popen)'],
    },
    {
      summary: 'a command in the text for popen',
      tree: { '/usr/bin/app': elf({ imports: ['popen'], texts: ['locale -a', 'sort of'] }), ...DASH },
      candidates: { '/usr/bin/locale': elf(), '/usr/bin/sort': elf() },
      back: ['/usr/bin/locale'],
    },
    {
      summary: 'a path in the data of what can exec',
      tree: { '/usr/bin/app': elf({ imports: ['execv'], texts: ['/usr/bin/tool'] }) },
      candidates: { '/usr/bin/tool': elf() },
      back: ['/usr/bin/tool'],
    },
    {
      summary: 'a path in the data of what cannot',
      tree: { '/usr/bin/app': elf({ texts: ['/usr/bin/tool'] }) },
      candidates: { '/usr/bin/tool': elf() },
    },
    {
      summary: 'a path that nobody has may be needed',
      tree: { '/usr/bin/app': elf({ imports: ['execv'], texts: ['/usr/bin/tool', '/usr/bin/%s'] }) },
      missing: ['/usr/bin/tool?'],
    },
    {
      summary: 'a program beside this one',
      tree: {
        '/usr/lib/app/bin/app': elf({ imports: ['execv'], texts: ['worker'] }),
        '/usr/lib/app/bin/worker': elf({ imports: ['popen'] }),
      },
      starts: [run('/usr/lib/app/bin/app')],
      candidates: DASH,
      back: SHELL,
    },
    {
      summary: 'plugins of a folder that the data names',
      tree: {
        '/usr/bin/app': elf({ imports: ['dlopen'], texts: ['/usr/lib/app/plugins'] }),
        '/usr/lib/app/plugins/p.so': elf({ needed: ['liba.so.1'] }),
      },
      candidates: { [`${LIB}/liba.so.1`]: elf() },
      back: [`${LIB}/liba.so.1`],
    },
    {
      summary: 'a script of its own package that it puts a folder in front of, at every step',
      tree: {
        '/usr/bin/app': elf({ imports: ['execvp'], texts: ['/etc/mail'] }),
        '/usr/sbin/mail': elf({ imports: ['execvp'], texts: ['%s/start-script'] }),
        '/usr/lib/mail/sbin/start-script': script('#!/bin/sh\n$SHELL $daemon_directory/check\n'),
        '/usr/lib/mail/sbin/check': script('#!/bin/sh\nsort x\n'),
      },
      candidates: { ...DASH, '/usr/bin/sort': elf() },
      back: [...SHELL, '/usr/bin/sort'],
    },
    {
      summary: 'no program of another package that has the name',
      tree: {
        '/usr/bin/app': elf({ imports: ['execvp'], texts: ['/start-script', '/etc/start-script'] }),
        '/usr/lib/mail/sbin/start-script': { ...(script('#!/bin/sh\nsort x\n') as object), package: 'other' },
        '/usr/sbin/start-script': { ...(script('#!/bin/sh\nsort x\n') as object), package: 'other' },
      },
      candidates: { ...DASH, '/usr/bin/sort': elf() },
    },
    {
      summary: 'one guess does not build on another',
      tree: {
        '/usr/bin/app': elf({ imports: ['execv'], texts: ['/usr/bin/one'] }),
        '/usr/bin/one': elf({ imports: ['execv'], texts: ['/usr/bin/two'] }),
      },
      candidates: { '/usr/bin/two': elf() },
    },
  ])('$summary', check);
});

describe('scripts', () => {
  const app = (text: string): Files => ({ '/usr/bin/app': script(text), ...DASH });
  const sh = (text: string): Files => app(`#!/bin/sh\n${text}\n`);
  const grep = { '/bin/grep': elf() };
  const GREP = ['/usr/bin/grep'];
  test.each<Row>([
    {
      summary: 'the interpreter of the first line',
      tree: { '/usr/bin/app': script('#! /bin/sh -e\n') },
      candidates: DASH,
      back: SHELL,
    },
    {
      summary: 'the one that env looks up, and env',
      tree: { '/usr/bin/app': script('#!/usr/bin/env -S A=1 tool x\n') },
      candidates: { '/usr/bin/env': elf(), '/usr/bin/tool': elf() },
      back: ['/usr/bin/env', '/usr/bin/tool'],
    },
    { summary: 'a command', tree: sh('grep x'), candidates: grep, back: GREP },
    {
      summary: 'a builtin needs no file',
      tree: sh('echo x; test -n "$1"; printf y; exit 0'),
      candidates: { '/usr/bin/echo': elf(), '/usr/bin/printf': elf() },
    },
    { summary: 'a command that nobody has', tree: sh('frobnicate'), missing: ['frobnicate'] },
    { summary: 'one in a branch may be needed', tree: sh('if a=b; then frobnicate; fi'), missing: ['frobnicate?'] },
    {
      summary: 'one guarded by what is not in is not',
      tree: sh('if [ -x /usr/bin/x ]; then /usr/bin/x | grep y; fi'),
      candidates: { ...grep, '/usr/bin/x': elf() },
      missing: ['/usr/bin/x?', 'grep?'],
    },
    {
      summary: 'one guarded by what is in is',
      tree: { ...sh('[ -x /usr/bin/x ] || exit 0\ngrep y'), '/usr/bin/x': elf() },
      candidates: grep,
      back: GREP,
    },
    {
      summary: 'what is read after a guard on what is in comes back',
      tree: { ...sh('[ -x /usr/bin/x ] || exit 0\n. /usr/lib/lsb/functions'), '/usr/bin/x': elf() },
      candidates: { ...grep, '/usr/lib/lsb/functions': 'grep x\n' },
      back: [...GREP, '/usr/lib/lsb/functions'],
    },
    {
      summary: 'one guarded by what comes back is, too',
      tree: sh('[ -x /usr/bin/x ] && grep y\n/usr/bin/x'),
      candidates: { ...grep, '/usr/bin/x': elf() },
      back: [...GREP, '/usr/bin/x'],
    },
    {
      summary: 'commands that run commands',
      tree: sh('nice -n 5 env A=1 timeout 3 grep x'),
      candidates: { ...grep, '/usr/bin/nice': elf(), '/usr/bin/env': elf(), '/usr/bin/timeout': elf() },
      back: ['/usr/bin/env', '/usr/bin/grep', '/usr/bin/nice', '/usr/bin/timeout'],
    },
    {
      summary: 'exec and command are none themselves',
      tree: sh('command grep x; exec grep y'),
      candidates: grep,
      back: GREP,
    },
    {
      summary: 'text for sh -c and eval',
      tree: sh(`sh -c 'grep x | sed y'\neval 'tr a b'`),
      candidates: { ...grep, '/bin/sed': elf(), '/usr/bin/tr': elf() },
      back: ['/usr/bin/grep', '/usr/bin/sed', '/usr/bin/tr'],
    },
    {
      summary: 'variables with one value',
      tree: sh('G=/bin/grep\nOPTS="-v x"\nRUN="$G $OPTS"\n$RUN y'),
      candidates: grep,
      back: GREP,
    },
    {
      summary: 'functions are no files, and those not called do not count',
      tree: sh('f() { grep x; }\ng() { sed y; }\nf'),
      candidates: { ...grep, '/bin/sed': elf() },
      back: GREP,
    },
    {
      summary: 'functions of a file that is read',
      tree: { ...sh('. /usr/share/app/lib.sh\nf'), '/usr/share/app/lib.sh': 'f() { grep x; }\n' },
      candidates: grep,
      back: GREP,
    },
    {
      summary: 'a file that is read by a variable and a name',
      tree: { ...sh('. "$DIR/lib.sh"\n'), '/usr/share/app/lib.sh': 'grep x\n' },
      candidates: grep,
      back: GREP,
    },
    {
      summary: 'words in a here-document are no commands',
      tree: sh('cat <<EOF\ngrep x\nEOF'),
      candidates: { ...grep, '/bin/cat': elf() },
      back: ['/usr/bin/cat'],
    },
    {
      summary: 'bash has builtins of its own',
      tree: { '/usr/bin/app': script('#!/bin/bash\nmapfile a\nshopt -s b\n'), '/bin/bash': elf() },
    },
  ])('$summary', check);
});

describe('units', () => {
  const U = '/lib/systemd/system';
  test.each<Row>([
    {
      summary: 'what starts it',
      tree: {
        [`${U}/a.service`]: unit(
          'ExecStartPre=-+/bin/mkdir -p /run/a',
          'ExecStart=@/usr/bin/app app',
          'ExecStartPost=!/bin/sh -c "grep x"',
        ),
        '/usr/bin/app': elf(),
        ...DASH,
      },
      starts: [service('a.service')],
      candidates: { '/bin/mkdir': elf(), '/bin/grep': elf() },
      back: ['/usr/bin/grep', '/usr/bin/mkdir'],
    },
    {
      summary: 'what ends it, unless that may fail',
      tree: {
        [`${U}/a.service`]: unit('ExecStart=/usr/bin/app', 'ExecStop=/bin/x', 'ExecStop=-/bin/y'),
        '/usr/bin/app': elf(),
      },
      starts: [service('a.service')],
      candidates: { '/bin/x': elf(), '/bin/y': elf() },
      back: ['/usr/bin/x'],
      missing: ['/bin/y?'],
    },
    {
      summary: 'the main command must be there, whatever may fail',
      tree: { [`${U}/a.service`]: unit('ExecStart=-/usr/bin/app') },
      starts: [service('a.service')],
      missing: ['/usr/bin/app'],
    },
    {
      summary: 'a template with its instance',
      tree: { [`${U}/a@.service`]: unit('ExecStart=/usr/bin/app-%i'), '/usr/bin/app-x': elf() },
      starts: [service('a@x.service')],
      reaches: ['/usr/bin/app-x'],
    },
    {
      summary: 'an emptied list and a drop-in',
      tree: {
        [`${U}/a.service`]: unit('ExecStart=/usr/bin/old'),
        '/etc/systemd/system/a.service.d/x.conf': unit('ExecStart=', 'ExecStart=/usr/bin/app'),
        '/usr/bin/app': elf(),
      },
      starts: [service('a.service')],
      reaches: ['/usr/bin/app', '/etc/systemd/system/a.service.d/x.conf'],
    },
    {
      summary: 'joined lines and variables',
      tree: {
        [`${U}/a.service`]: unit('Environment="C=/etc/a.conf"', 'ExecStart=/usr/bin/app \\', '  -f $C'),
        '/usr/bin/app': elf(),
        '/etc/a.conf': 'hook /usr/bin/hook\n',
      },
      starts: [service('a.service')],
      candidates: { '/usr/bin/hook': elf() },
      back: ['/usr/bin/hook'],
    },
    {
      summary: 'an environment file that must be there',
      tree: {
        [`${U}/a.service`]: unit('EnvironmentFile=/etc/a', 'EnvironmentFile=-/etc/b', 'ExecStart=/usr/bin/app'),
        '/usr/bin/app': elf(),
      },
      starts: [service('a.service')],
      missing: ['/etc/a'],
    },
    {
      summary: 'what is part of a unit that starts nothing itself: templates and instances',
      tree: {
        [`${U}/a.service`]: unit('Type=oneshot', 'ExecStart=/bin/true', 'RemainAfterExit=yes'),
        [`${U}/a@.service`]: `[Unit]\nPartOf=a.service\n${unit('ExecStart=/usr/bin/ctl --of %i')}`,
        [`${U}/other@.service`]: unit('ExecStart=/usr/bin/other'),
        '/usr/bin/ctl': script('#!/bin/sh\n'),
      },
      candidates: { ...DASH, '/bin/true': elf(), '/usr/bin/other': elf() },
      starts: [service('a.service')],
      back: [...SHELL, '/usr/bin/true'],
      reaches: ['/usr/bin/ctl'],
    },
    {
      summary: 'nothing that is only part of a unit which runs something',
      tree: {
        [`${U}/a.service`]: unit('ExecStart=/usr/bin/app'),
        [`${U}/b.service`]: `[Unit]\nPartOf=a.service\n${unit('ExecStart=/usr/bin/b')}`,
        '/usr/bin/app': elf(),
      },
      starts: [service('a.service')],
      reaches: ['/usr/bin/app'],
    },
    {
      summary: 'what a script finds in a folder that it computes',
      tree: {
        '/etc/init.d/a': script(
          '#!/bin/sh\nNAME=update-a\nfor p in $(echo "$PATH"); do "$p/$NAME" x; done\nexec $A_HOME/bin/go\n',
        ),
        '/usr/share/a/bin/go': script('#!/bin/sh\n'),
        '/usr/sbin/update-a': script('#!/bin/sh\ntouch /run/a\n'),
      },
      candidates: { ...DASH, '/usr/bin/touch': elf() },
      starts: [service('a.service')],
      back: [...SHELL, '/usr/bin/touch'],
      reaches: ['/usr/sbin/update-a', '/usr/share/a/bin/go'],
    },
    {
      summary: 'an init script, where no unit has the name',
      tree: { '/etc/init.d/a': script('#!/bin/sh\ntouch /run/a\n') },
      candidates: { ...DASH, '/usr/bin/touch': elf() },
      starts: [service('a.service')],
      back: [...SHELL, '/usr/bin/touch'],
    },
    {
      summary: 'units of other packages that their scripts enable, and init scripts, where systemd starts them',
      tree: {
        [`${U}/a.service`]: unit('ExecStart=/usr/bin/app'),
        [`${U}/b.service`]: `${unit('ExecStart=/usr/bin/b')}[Install]\nWantedBy=multi-user.target\n`,
        [`${U}/multi-user.target`]: '[Unit]\n',
        '/etc/init.d/c': script('#!/bin/sh\nc\n'),
        '/usr/bin/app': elf(),
        '/usr/bin/b': script('#!/bin/sh\n'),
        '/usr/bin/c': elf(),
      },
      candidates: { ...DASH, '/lib/systemd/systemd': elf() },
      starts: [named('/lib/systemd/systemd'), service('a.service')],
      back: [...SHELL, '/usr/lib/systemd/systemd'],
      reaches: ['/usr/bin/b', '/usr/bin/c'],
    },
    {
      summary: 'other units, where systemd starts them',
      tree: {
        [`${U}/a.service`]: '[Unit]\nRequires=b.service\n[Service]\nExecStart=/usr/bin/app\n',
        [`${U}/b.service`]: unit('ExecStart=/bin/b'),
        '/usr/bin/app': elf(),
        '/lib/systemd/systemd': elf(),
      },
      starts: [named('/lib/systemd/systemd'), service('a.service')],
      candidates: { '/bin/b': elf() },
      back: ['/usr/bin/b'],
    },
    {
      summary: 'and not where it does not',
      tree: {
        [`${U}/a.service`]: '[Unit]\nRequires=b.service\n[Service]\nExecStart=/usr/bin/app\n',
        [`${U}/b.service`]: unit('ExecStart=/bin/b'),
        '/usr/bin/app': elf(),
        '/lib/systemd/systemd': elf(),
      },
      starts: [service('a.service')],
      candidates: { '/bin/b': elf() },
    },
  ])('$summary', check);
});

describe('languages', () => {
  const perl = {
    '/usr/bin/perl': elf(),
    '/usr/share/perl5/Used.pm': 'package Used;\nuse Deep::Er;\n1;\n',
    '/usr/share/perl5/Deep/Er.pm': 'system("grep", "x");\n1;\n',
  };
  const python = {
    '/usr/bin/python3': link('python3.11'),
    '/usr/bin/python3.11': elf({ texts: ['math', 'sqlite3'] }),
    '/usr/lib/python3.11/os.py': 'import subprocess\nsubprocess.run("uname -a", shell=True)\n',
    '/usr/lib/python3.11/subprocess.py': '',
  };
  const grep = { '/bin/grep': elf() };
  test.each<Row>([
    {
      summary: 'perl: modules to the end, and what they run',
      tree: {
        '/usr/bin/app': script('#!/usr/bin/perl\nuse strict;\nuse Used;\n'),
        ...perl,
        '/usr/share/perl/5.36/strict.pm': '1;',
      },
      candidates: grep,
      back: ['/usr/bin/grep'],
    },
    {
      summary: 'perl: a module that nobody has',
      tree: {
        '/usr/bin/app': script('#!/usr/bin/perl\nuse Gone;\neval { require Maybe; };\n__END__\nuse Nothing;\n'),
        ...perl,
      },
      missing: ['Gone', 'Maybe?'],
    },
    {
      summary: 'perl comes back whole',
      tree: { '/usr/bin/app': script('#!/usr/bin/perl\n') },
      candidates: { '/usr/bin/perl': elf(), [`${LIB}/perl-base/strict.pm`]: '1;', '/usr/share/doc/perl/README': 'x' },
      back: ['/usr/bin/perl', `${LIB}/perl-base/strict.pm`],
    },
    {
      summary: 'python: packages, compiled modules and relative imports',
      tree: {
        '/usr/bin/app': script('#!/usr/bin/python3\nimport os, math\nfrom pkg.sub import thing\n'),
        ...python,
        '/usr/lib/python3/dist-packages/pkg/__init__.py': 'from . import fast\n',
        '/usr/lib/python3/dist-packages/pkg/fast.cpython-311-x86_64-linux-gnu.so': elf({ needed: ['liba.so.1'] }),
        '/usr/lib/python3/dist-packages/pkg/sub.py':
          'import gone\ntry:\n    import maybe\nexcept ImportError:\n    pass\n',
      },
      candidates: { [`${LIB}/liba.so.1`]: elf() },
      back: [`${LIB}/liba.so.1`],
      missing: ['gone'],
    },
    {
      summary: 'python: a standard module that the interpreter merely knows by name is not in it',
      tree: { '/usr/bin/app': script('#!/usr/bin/python3\nimport math, sqlite3\n'), ...python },
      missing: ['sqlite3'],
    },
    {
      summary: 'python: what an application of one’s own runs',
      tree: { ...python, '/opt/app/main.py': 'import os\nos.system("grep x y")\n' },
      starts: [{ ...run('python3', 'main.py'), workingDirectory: '/opt/app' } as Start],
      candidates: { ...grep, ...DASH },
      back: [...SHELL.slice(0, 1), '/usr/bin/grep', '/usr/bin/sh'],
    },
    {
      summary: 'python: the module that a server is told to serve',
      tree: {
        ...python,
        '/usr/bin/server': script('#!/usr/bin/python3\n'),
        '/srv/site/shop/__init__.py': '',
        '/srv/site/shop/web.py': 'import gone\n',
      },
      starts: [{ ...run('server', '-b', '0.0.0.0:80', 'shop.web:app'), workingDirectory: '/srv/site' } as Start],
      reaches: ['/srv/site/shop/web.py'],
      missing: ['gone'],
    },
    {
      summary: 'node: files, packages and children',
      tree: {
        '/usr/bin/node': elf(),
        '/opt/app/main.js': "const fs = require('fs');\nimport x from './lib/x';\nrequire('dep');\n// require('no')\n",
        '/opt/app/lib/x/index.js': "require('child_process').execSync('grep x');\n",
        '/usr/share/nodejs/dep/package.json': '{"main":"d.js"}',
        '/usr/share/nodejs/dep/d.js': "require('../gone')\n",
      },
      starts: [run('node', '/opt/app/main.js')],
      candidates: { ...grep, ...DASH },
      back: ['/usr/bin/dash', '/usr/bin/grep', '/usr/bin/sh'],
      missing: ['../gone'],
    },
    {
      summary: 'node: a dependency needs what it states; what it tries besides it can do without',
      tree: {
        '/usr/bin/node': elf(),
        '/opt/app/main.js': "require('dep')\n",
        '/opt/app/node_modules/dep/package.json': '{"main":"d.js","dependencies":{"stated":"1"}}',
        '/opt/app/node_modules/dep/d.js': "require('stated')\nfunction colors() {\n  return require('peer')\n}\n",
      },
      starts: [run('node', '/opt/app/main.js')],
      missing: ['stated'],
    },
    {
      summary: 'python: modules in folders that the environment names, by -m and -c',
      tree: {
        ...python,
        '/opt/app/src/shop/__init__.py': '',
        '/opt/app/src/shop/cli.py': own('import vendored, gone\n'),
        '/opt/app/src/shop/__main__.py': 'from . import cli\n',
        '/opt/app/vendor/vendored.py': '',
      },
      starts: [
        { ...run('python3', '-m', 'shop'), modulePath: ['/opt/app/src', '/opt/app/vendor'] } as Start,
        { ...run('python3', '-c', 'from lost import main; main()'), modulePath: ['/opt/app/src'] } as Start,
      ],
      reaches: ['/opt/app/src/shop/__main__.py', '/opt/app/vendor/vendored.py'],
      missing: ['lost', 'gone?'],
    },
    {
      summary: 'python: a script finds what lies beside it, too, where the environment names folders',
      tree: {
        ...python,
        '/opt/app/main.py': 'import own, vendored\n',
        '/opt/app/own.py': '',
        '/opt/v/vendored.py': '',
      },
      starts: [{ ...run('python3', '/opt/app/main.py'), modulePath: ['/opt/v'] } as Start],
      reaches: ['/opt/app/own.py', '/opt/v/vendored.py'],
    },
    {
      summary: 'perl: the application that a server in perl is given, and its lib beside it',
      tree: {
        ...perl,
        '/usr/bin/serve': script('#!/usr/bin/perl\n'),
        '/opt/app/bin/app.psgi': 'use lib "$FindBin::Bin/../lib";\nuse Shop;\nuse Gone;\n',
        '/opt/app/lib/Shop.pm': '1;',
      },
      starts: [run('serve', '--listen', ':80', '/opt/app/bin/app.psgi')],
      reaches: ['/opt/app/lib/Shop.pm'],
      missing: ['Gone'],
    },
    {
      summary: 'perl: what a module of a package requires only sometimes is not told',
      tree: {
        ...perl,
        '/usr/bin/app': script('#!/usr/bin/perl\nuse Some;\n'),
        '/usr/share/perl5/Some.pm': 'sub f {\n  require Rare;\n}\neval { require Maybe };\nuse Always;\n',
      },
      missing: ['Always'],
    },
    {
      summary: 'ruby: libraries, gems by their folders, files of its own; compiled parts need their libraries',
      tree: {
        '/usr/bin/ruby': elf(),
        '/opt/app/app.rb': own(
          "require 'json'\nrequire 'web'\nrequire_relative 'lib/own'\nrequire 'thread'\nrequire 'fast'\n# require 'no'\n",
        ),
        '/opt/app/lib/own.rb': own(
          "require 'gone'\nbegin\n  require 'maybe'\nrescue LoadError\nend\nsystem('grep', 'x')\n",
        ),
        '/usr/lib/ruby/3.1.0/json.rb': '',
        '/usr/share/rubygems-integration/all/gems/web-1.0/lib/web.rb': "require 'what-its-relations-say'\n",
        '/usr/lib/ruby/vendor_ruby/fast.so': elf({ needed: ['liba.so.1'] }),
      },
      starts: [run('ruby', '/opt/app/app.rb')],
      candidates: { ...grep, [`${LIB}/liba.so.1`]: elf() },
      back: ['/usr/bin/grep', `${LIB}/liba.so.1`],
      reaches: ['/opt/app/lib/own.rb', '/usr/share/rubygems-integration/all/gems/web-1.0/lib/web.rb'],
      missing: ['gone', 'maybe?'],
    },
    {
      summary: 'ruby: the application that a server in Ruby is given',
      tree: {
        '/usr/bin/ruby': elf(),
        '/usr/bin/serve': script('#!/usr/bin/ruby\n'),
        '/opt/app/config.ru': own("require 'gone'\n"),
      },
      starts: [run('serve', '/opt/app/config.ru')],
      missing: ['gone'],
    },
  ])('$summary', check);
});

test('java: the archive that is run', () => {
  check({
    summary: '',
    tree: { '/usr/bin/java': elf() },
    starts: [run('java', '-jar', '/opt/app.jar')],
    missing: ['/opt/app.jar'],
  });
});

test('python: modules of a virtual environment', () => {
  check({
    summary: '',
    tree: {
      '/opt/app/env/bin/serve': script('#!/opt/app/env/bin/python3\nimport inside\n'),
      '/opt/app/env/bin/python3': link('/usr/bin/python3.11'),
      '/opt/app/env/pyvenv.cfg': 'home = /usr/bin\n',
      '/opt/app/env/lib/python3.11/site-packages/inside.py': 'import gone\n',
      '/usr/bin/python3.11': elf(),
    },
    starts: [run('/opt/app/env/bin/serve')],
    missing: ['gone'],
  });
});

describe('configuration and services', () => {
  const S = `${LIB}/security`;
  const sshd = elf({ imports: ['pam_start', 'pam_open_session'], texts: ['sshd'] });
  test.each<Row>([
    {
      summary: 'PAM: the service, its includes, its modules',
      tree: {
        '/usr/bin/app': elf({ imports: ['pam_start'] }),
        '/etc/pam.d/app': '# x\n@include common-auth\nsession optional pam_gone.so\n-session optional pam_maybe.so\n',
        '/etc/pam.d/common-auth': 'auth [success=1 default=ignore] pam_unix.so nullok\n',
      },
      candidates: { [`${S}/pam_unix.so`]: elf() },
      back: [`${S}/pam_unix.so`],
      missing: ['pam_gone.so'],
    },
    {
      summary: 'PAM: common files that are yet to be made',
      tree: {
        '/usr/bin/app': elf({ imports: ['pam_start'] }),
        '/etc/pam.d/app': '@include common-auth\n',
        '/usr/share/pam/common-auth': '$auth_primary\nauth required pam_permit.so\n',
        '/usr/share/pam-configs/unix': 'Name: Unix\nDefault: yes\nAuth:\n\t[success=end] pam_unix.so\n',
      },
      candidates: { [`${S}/pam_unix.so`]: elf(), [`${S}/pam_permit.so`]: elf() },
      back: [`${S}/pam_permit.so`, `${S}/pam_unix.so`],
    },
    {
      summary: 'PAM: sessions need the shells of who logs in',
      tree: {
        '/usr/bin/app': sshd,
        '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/:/usr/sbin/nologin\n',
      },
      candidates: { '/bin/bash': elf(), '/usr/sbin/nologin': elf() },
      back: ['/usr/bin/bash'],
    },
    {
      summary: 'name services beyond those built in',
      tree: {
        '/usr/bin/app': elf({ imports: ['getpwnam'] }),
        '/etc/nsswitch.conf': 'passwd: files extra\nhosts: files [NOTFOUND=return] dns\n',
      },
      candidates: { [`${LIB}/libnss_extra.so.2`]: elf(), [`${LIB}/libnss_dns.so.2`]: elf() },
      back: [`${LIB}/libnss_extra.so.2`],
    },
    {
      summary: 'programs that the configuration names, included files too',
      tree: {
        '/usr/bin/app': elf(),
        '/etc/app.conf': 'include conf.d/*.conf\n# hook /usr/bin/no\n',
        '/etc/conf.d/x.conf': 'hook = "/usr/bin/hook --now"\n',
      },
      more: { configuration: ['/etc/app.conf'] },
      candidates: { '/usr/bin/hook': elf(), '/usr/bin/no': elf() },
      back: ['/usr/bin/hook'],
    },
    {
      summary: 'modules that the configuration loads',
      tree: {
        '/usr/bin/app': elf({ texts: ['/etc/app/app.conf'] }),
        '/etc/app/app.conf': 'load_module modules/m.so;\n',
        '/usr/lib/app/modules/m.so': elf({ needed: ['liba.so.1'] }),
      },
      candidates: { [`${LIB}/liba.so.1`]: elf() },
      back: [`${LIB}/liba.so.1`],
    },
    {
      summary: 'system databases name no programs',
      tree: {
        '/usr/bin/app': elf({ texts: ['/etc/passwd', '/etc/shells'] }),
        '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
        '/etc/shells': '/bin/bash\n',
      },
      candidates: { '/bin/bash': elf() },
    },
    {
      summary: 'alternatives that configuring will make',
      tree: { '/usr/bin/app': script('#!/bin/sh\nawk x\n'), ...DASH },
      candidates: { '/usr/bin/mawk': elf() },
      more: {
        alternatives: alternativesOf('mawk', 'update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5\n'),
      },
      back: ['/usr/bin/mawk'],
    },
  ])('$summary', check);
});

test('every file that comes back says why, down to the line', () => {
  const { files } = gather({
    summary: '',
    tree: { '/usr/bin/app': script('#!/bin/sh\n\ngrep x\n'), ...DASH },
    candidates: { '/bin/grep': { content: buildElf({}), mode: 0o755, package: 'grep' } },
  });
  const why: Need = { rule: 'shell-commands', by: '/usr/bin/app', needs: 'grep', line: 3, required: true };
  expect(files).toEqual([{ path: '/usr/bin/grep', package: 'grep', why: [why] }]);
});

test('without candidates it tells what a finished tree lacks', () => {
  const tree = memoryTree({ '/usr/bin/app': script('#!/bin/bash\nsed x\n') });
  const { files, missing } = gatherEvidence({ tree, candidates: memoryTree({}), starts: [run('/usr/bin/app')] });
  expect(files).toEqual([]);
  expect(missing.map(({ by, line, needs }) => `${by}:${line} ${needs}`)).toEqual([
    '/usr/bin/app:1 /bin/bash',
    '/usr/bin/app:2 sed',
  ]);
});

test('users, groups and folders of what runs are told, with the place that says so', () => {
  const { machine } = gather({
    summary: '',
    tree: {
      '/lib/systemd/system/a.service': unit(
        'User=app',
        'ExecStart=/usr/bin/app',
        'RuntimeDirectory=app',
        'RuntimeDirectoryMode=0750',
      ),
      '/usr/bin/app': elf(),
      '/usr/lib/tmpfiles.d/app.conf': 'd /var/cache/app 0700 app - -\n',
      '/usr/lib/tmpfiles.d/other.conf': { content: 'd /var/cache/other\n', package: 'other' },
    },
    starts: [service('a.service')],
  });
  expect(machine.map(({ kind, name, by, line }) => `${kind} ${name} ${by}:${line}`)).toEqual([
    'folder /run/app /usr/lib/systemd/system/a.service:4',
    'folder /var/cache/app /usr/lib/tmpfiles.d/app.conf:1',
    'user app /usr/lib/systemd/system/a.service:2',
  ]);
});
