import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { elfFacts } from '../../../src/formats/elf/elf.ts';
import { elfTexts } from '../../../src/formats/elf/elf-texts.ts';
import { buildElf } from '../evidence/build-elf.ts';

describe('elfFacts', () => {
  test('says what a program needs to be loaded', () => {
    const bytes = buildElf({
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libz.so.1', 'libc.so.6'],
      runpath: '$ORIGIN/../lib:/opt/lib',
      imports: ['popen', 'free'],
      exports: ['answer'],
    });
    expect(elfFacts(bytes)).toMatchObject({
      bits: 64,
      machine: 62,
      type: 'shared',
      pie: true,
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libz.so.1', 'libc.so.6'],
      runpath: ['$ORIGIN/../lib', '/opt/lib'],
      rpath: [],
      imports: [
        { name: 'popen', weak: false },
        { name: 'free', weak: false },
      ],
      exports: [{ name: 'answer', weak: false }],
      executableStack: false,
    });
  });

  test('reads a real program, versions of its symbols included', () => {
    const facts = elfFacts(readFileSync('/bin/sh'))!;
    expect(facts.needed).toContain('libc.so.6');
    expect(facts.interpreter).toMatch(/^\/lib.*\/ld-linux/);
    expect(facts.imports.find(({ name }) => name === '__libc_start_main')?.version).toMatch(/^GLIBC_/);
    expect(facts.versionNeeds.map(({ library }) => library)).toContain('libc.so.6');
    expect(facts.hasDynamic).toBe(true);
  });

  const good = buildElf({ needed: ['libc.so.6'], imports: ['a'] });
  test.each([
    { summary: 'text', bytes: Buffer.from('#!/bin/sh\n') },
    { summary: 'nothing', bytes: Buffer.alloc(0) },
    { summary: 'a magic number alone', bytes: Buffer.from('\x7fELF', 'latin1') },
    { summary: 'a file cut off in its tables', bytes: good.subarray(0, 300) },
    { summary: 'tables outside the file', bytes: Buffer.concat([good.subarray(0, 32), Buffer.alloc(32, 0xff)]) },
  ])('$summary is no ELF file', ({ bytes }) => {
    expect(elfFacts(bytes)).toBeUndefined();
  });
});

test('elfTexts gives the texts of the data, and none of code or tables', () => {
  const bytes = buildElf({ needed: ['libc.so.6'], texts: ['/usr/bin/tool', 'locale -a', 'x'] });
  expect(elfTexts(bytes)).toEqual(['/usr/bin/tool', 'locale -a']);
  expect(elfTexts(Buffer.from('no file'))).toEqual([]);
});
