import { describe, expect, test } from 'vitest';
import { nodeImports } from '../../../src/formats/language/node-imports.ts';
import { perlImports, type ScriptCommand } from '../../../src/formats/language/perl-imports.ts';
import { pythonImports } from '../../../src/formats/language/python-imports.ts';
import { rubyImports } from '../../../src/formats/language/ruby-imports.ts';
import { parseInterpreterLine } from '../../../src/formats/shell/interpreter-line.ts';

const commandList = (commands: readonly ScriptCommand[]) =>
  commands.map(({ program, byShell, line }) => `${line} ${program}${byShell ? ' by sh' : ''}`);

test.each([
  { text: '#!/bin/sh -e\nx', want: { interpreter: '/bin/sh', arguments: ['-e'] } },
  { text: '#! /usr/bin/env python3\n', want: { interpreter: '/usr/bin/env', looksUp: 'python3', arguments: [] } },
  {
    text: '#!/usr/bin/env -S A=b node --x\n',
    want: { interpreter: '/usr/bin/env', looksUp: 'node', arguments: ['--x'] },
  },
  { text: '# no', want: undefined },
  { text: '', want: undefined },
])('interpreter line of $text', ({ text, want }) => {
  expect(parseInterpreterLine(text)).toEqual(want);
});

describe('perlImports', () => {
  test.each([
    {
      summary: 'use and require',
      text: 'use strict;\nuse 5.010;\nuse Foo::Bar qw(x);\nrequire Baz;\n',
      want: ['3 Foo::Bar', '4 Baz'],
    },
    { summary: 'an eval guards', text: 'eval { require Foo; };\neval "x";\nuse Bar;\n', want: ['1 Foo?', '3 Bar'] },
    { summary: 'base classes', text: "use parent qw(A::B C);\nuse base 'D';\n", want: ['1 A::B', '1 C', '2 D'] },
    {
      summary: 'no code',
      text: '# use A;\n=pod\n\nuse B;\n\n=cut\nprint <<"END";\nuse C;\nEND\nuse D;\n__END__\nuse E;\n',
      want: ['10 D'],
    },
    { summary: 'a version of perl is no module', text: 'use v5.36;\nuse 5.010;\nuse A;', want: ['3 A'] },
  ])('modules: $summary', ({ text, want }) => {
    expect(perlImports(text).modules.map(({ name, line, guarded }) => `${line} ${name}${guarded ? '?' : ''}`)).toEqual(
      want,
    );
  });

  test.each([
    { summary: 'a list', text: `system('grep', $x);\nexec "/bin/ls", @a;`, want: ['1 grep', '2 /bin/ls'] },
    {
      summary: 'a text, with and without signs of the shell',
      text: 'system("ls -l");\nsystem "ls | wc";',
      want: ['1 ls', '2 ls by sh'],
    },
    {
      summary: 'backquotes and qx',
      text: 'my $x = `uname -a`;\n$y = qx{id -u 2>/dev/null};',
      want: ['1 uname', '2 id by sh'],
    },
    {
      summary: 'paths in backquotes, several in a line, and qx with any of its quotes',
      text: 'my $g = "$gid " . `/usr/bin/id -G $user` . `hostname`;\nqx(b c); qx/d/; qx|/bin/e f|; qx!g!;',
      want: ['1 /usr/bin/id', '1 hostname', '2 b', '2 d', '2 /bin/e', '2 g'],
    },
    {
      summary: 'pipes',
      text: `open(F, "zcat $x |");\nopen my $f, '-|', 'date';\nopen(F, "| mail -s x");`,
      want: ['1 zcat', '2 date', '3 mail'],
    },
    {
      summary: 'a constant',
      text: `my $tool = "/usr/bin/tool";\nexec "$tool $args";\nsystem($tool, 'x');`,
      want: ['2 /usr/bin/tool', '3 /usr/bin/tool'],
    },
    { summary: 'what only running tells', text: 'system($cmd);\nsystem("$x y");', want: [] },
  ])('commands: $summary', ({ text, want }) => {
    expect(commandList(perlImports(text).commands)).toEqual(want);
  });
});

describe('pythonImports', () => {
  const list = (text: string) =>
    pythonImports(text).imports.map(
      ({ module, level, names, line, guarded }) =>
        `${line} ${'.'.repeat(level)}${module}${names.length > 0 ? `:${names}` : ''}${guarded ? '?' : ''}`,
    );
  test.each([
    {
      summary: 'plain',
      text: 'import os, a.b as c\nfrom d.e import f as g, h\n',
      want: ['1 os', '1 a.b', '2 d.e:f,h'],
    },
    {
      summary: 'several lines',
      text: 'from a import (\n    b,  # c\n    d,\n)\nfrom e import f, \\\n    g\n',
      want: ['1 a:b,d', '5 e:f'],
    },
    { summary: 'relative', text: 'from . import a\nfrom ..b import c\n', want: ['1 .:a', '2 ..b:c'] },
    {
      summary: 'tried',
      text: 'try:\n    import a\nexcept ImportError:\n    import b\nimport c\n',
      want: ['2 a?', '4 b?', '5 c'],
    },
    {
      summary: 'in a function whose head has several lines',
      text: 'def f(\n    x,\n):\n    import a\nimport b\n',
      want: ['4 a?', '5 b'],
    },
    {
      summary: 'for type checkers only',
      text: 'import typing as t\nif t.TYPE_CHECKING:\n    import a\n',
      want: ['1 typing'],
    },
    { summary: 'no code', text: '"""\nimport a\n"""\n# import b\nx = "import c"\n', want: [] },
    { summary: 'by a function', text: "importlib.import_module('a.b')\n__import__(name)\n", want: ['1 a.b?'] },
  ])('imports: $summary', ({ text, want }) => {
    expect(list(text)).toEqual(want);
  });

  test.each([
    { summary: 'os.system', text: 'os.system("ls -l | wc")', want: ['1 ls by sh'] },
    { summary: 'a list', text: 'subprocess.run([\n  "grep", x])', want: ['1 grep'] },
    { summary: 'shell=True', text: 'subprocess.Popen("date +%s",\n  shell=True)', want: ['1 date by sh'] },
    {
      summary: 'shell=True with what only running tells',
      text: 'check_output(cmd, shell=True)',
      want: ['1 /bin/sh by sh'],
    },
    { summary: 'exec', text: 'os.execv("/bin/x", a)', want: ['1 /bin/x'] },
    { summary: 'a method of the same name', text: 'self.check_call("x")\nre.compile("y")', want: [] },
  ])('commands: $summary', ({ text, want }) => {
    expect(commandList(pythonImports(text).commands)).toEqual(want);
  });
});

describe('nodeImports', () => {
  test.each([
    { summary: 'require', text: "const a = require('a');\n// require('b')\n/* require('c') */", want: ['1 a'] },
    {
      summary: 'import',
      text: "import 'a';\nimport b from \"b\";\nimport { c } from './c';\nexport * from 'd';\nawait import('e');",
      want: ['1 a', '2 b', '3 ./c', '4 d', '5 e'],
    },
    { summary: 'text', text: `const url = "http://x"; const s = "// require('a')";\nrequire('b')`, want: ['2 b'] },
  ])('imports: $summary', ({ text, want }) => {
    expect(nodeImports(text).imports.map(({ specifier, line }) => `${line} ${specifier}`)).toEqual(
      expect.arrayContaining(want),
    );
  });

  test('what stands in a try is guarded, to the end of its block', () => {
    const text = "try {\n  // see {\n  const s = '}';\n  x = require('a');\n} catch { require('b'); }\nrequire('c');\n";
    const found = nodeImports(text).imports.filter(({ guarded }) => guarded);
    expect(found.map(({ specifier, line }) => `${line} ${specifier}`)).toEqual(['4 a']);
  });

  test('commands belong to child_process', () => {
    const text =
      "const { exec, spawn } = require('child_process');\nexec('ls | wc');\nspawn('grep', []);\n/x/.exec('no');\n";
    expect(commandList(nodeImports(text).commands)).toEqual(['2 ls by sh', '3 grep']);
    expect(nodeImports("pattern.exec('x')").commands).toEqual([]);
  });
});

describe('rubyImports', () => {
  test.each([
    {
      summary: 'require, require_relative and load',
      text: "require 'a/b'\nrequire(\"c\")\nrequire_relative 'd'\nload './e.rb'\nautoload :F, 'f'\n",
      want: ['1 a/b', '2 c', '3 ./d', '4 ././e.rb', '5 f?'],
    },
    {
      summary: 'what is borne or may not be reached',
      text: "begin\n  require 'a'\nrescue LoadError\nend\nrequire 'b' if WINDOWS\ndef f\n  require 'c'\nend\nmodule M\n  require 'd'\nend\n",
      want: ['2 a?', '5 b?', '7 c?', '10 d'],
    },
    {
      summary: 'no code',
      text: "# require 'a'\n=begin\nrequire 'b'\n=end\nrequire \"c#{x}\"\nrequire 'd'\n__END__\nrequire 'e'\n",
      want: ['6 d'],
    },
  ])('$summary', ({ text, want }) => {
    const found = rubyImports(text).imports;
    expect(
      found.map(({ name, line, relative, guarded }) => `${line} ${relative ? './' : ''}${name}${guarded ? '?' : ''}`),
    ).toEqual(want);
  });

  test('commands', () => {
    const text = "system('grep', x)\n`ls -l`\nspawn \"date | wc\"\nIO.popen(['id', '-u'])\n`#{it} x`\n%x(uname -a)\n";
    expect(commandList(rubyImports(text).commands)).toEqual(['1 grep', '2 ls', '3 date by sh', '4 id', '6 uname']);
  });
});
