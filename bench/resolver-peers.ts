import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckedArchive, makeClauses } from '../src/resolver/proof/check-clauses.ts';
import type { Universe } from '../src/resolver/universe/universe.ts';
import { makeResolution } from '../test/support/universe.ts';

/** What another tool answered for one package, from an empty system without Recommends: names, and wall time in ms. */
export interface PeerAnswer {
  readonly names: readonly string[];
  readonly ms: number;
}

function timed(command: string, args: readonly string[]): { output: string; ms: number } {
  const start = performance.now();
  const { stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { output: stdout ?? '', ms: performance.now() - start };
}

/** `apt-get -s install` with the machine's own lists and caches, and nothing installed. */
export function askApt(work: string, name: string): PeerAnswer {
  const status = join(work, 'status');
  if (!existsSync(status)) writeFileSync(status, '');
  const options = [`Dir::State::status=${status}`, 'APT::Install-Recommends=0'].flatMap((it) => ['-o', it]);
  const { output, ms } = timed('apt-get', ['-s', ...options, 'install', name]);
  return { names: output.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? []), ms };
}

/** Converts Packages text for libsolv. Returns the milliseconds that took. */
export function convertForLibsolv(work: string, texts: readonly Buffer[]): number {
  const start = performance.now();
  const solv = execFileSync('deb2solv', ['-r'], {
    input: Buffer.concat(texts),
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  writeFileSync(join(work, 'all.solv'), solv);
  return performance.now() - start;
}

export function askLibsolv(work: string, name: string, universe: Universe): PeerAnswer {
  const testcase = join(work, 'case.t');
  const lines = [
    'repo all 0 solv all.solv',
    'system amd64 deb',
    'solverflags ignorerecommended',
    `job install name ${name}`,
  ];
  writeFileSync(testcase, `${lines.join('\n')}\n`);
  const { output, ms } = timed('testsolv', ['-r', testcase]);
  const installed = [...output.matchAll(/^install (.+)\.(?:amd64|all)@all$/gm)].map((it) => it[1]!);
  return { names: installed.flatMap((it) => nameWithin(it, universe) ?? []), ms };
}

/** The name in `name-version`, either of which may have dashes. */
function nameWithin(text: string, universe: Universe): string | undefined {
  for (let at = text.indexOf('-'); at > 0; at = text.indexOf('-', at + 1)) {
    const name = text.slice(0, at);
    if (universe.versions(name).some((it) => it.version === text.slice(at + 1))) return name;
  }
  return undefined;
}

/** aspcud over the candidates in reach alone (over the whole index it takes ten times as long), least size first. */
export function askAspcud(work: string, archive: CheckedArchive, name: string): PeerAnswer {
  const { clauses, packages } = makeClauses(archive, [name], makeResolution({ substitutes: true }));
  const code = (it: string): string => it.replaceAll('+', '%2b');
  const depends = new Map<string, string[]>();
  const conflicts = new Map<string, string[]>();
  for (const { negative, positive } of clauses.values()) {
    const [by, other] = negative;
    if (by === undefined) continue;
    if (other !== undefined) conflicts.set(by, [...(conflicts.get(by) ?? []), code(other)]);
    else depends.set(by, [...(depends.get(by) ?? []), positive.map(code).join(' | ') || 'false!']);
  }
  const stanzas = [...packages].map(([it, { stanza }]) =>
    [
      `package: ${code(it)}`,
      'version: 1',
      ...(depends.has(it) ? [`depends: ${depends.get(it)!.join(', ')}`] : []),
      ...(conflicts.has(it) ? [`conflicts: ${conflicts.get(it)!.join(', ')}`] : []),
      `installedsize: ${stanza.get('Installed-Size') ?? 0}`,
    ].join('\n'),
  );
  const input = join(work, 'case.cudf');
  const preamble = 'preamble: \nproperty: installedsize: int = [0]';
  writeFileSync(input, `${[preamble, ...stanzas, `request: x\ninstall: ${code(name)}`].join('\n\n')}\n`);
  const output = join(work, 'case.out');
  rmSync(output, { force: true });
  const { ms } = timed('aspcud', [input, output, '-sum(solution,installedsize)']);
  const answer = existsSync(output) ? readFileSync(output, 'utf8') : '';
  return { names: [...answer.matchAll(/^package: (.+)$/gm)].map((it) => it[1]!.replaceAll('%2b', '+')), ms };
}

/** Names that dose-debcheck finds broken in one Packages file. */
export function askDose(packagesPath: string): PeerAnswer {
  const { output, ms } = timed('dose-debcheck', ['--failures', packagesPath]);
  return { names: [...new Set([...output.matchAll(/^ {2}package: (.+)$/gm)].map((it) => it[1]!))].sort(), ms };
}

/** Answers that a peer gave for these very indexes, kept one a line, so that half an hour of asking can be stopped and gone on with. */
export function rememberAnswers(
  path: string,
  inputs: string,
  ask: (name: string) => PeerAnswer,
): (name: string) => PeerAnswer {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  const [made, ...told] = lines;
  if (made !== inputs) writeFileSync(path, `${inputs}\n`);
  const known = new Map<string, PeerAnswer>(made === inputs ? told.map((it) => JSON.parse(it)) : []);
  return (name) => {
    const answer = known.get(name) ?? ask(name);
    if (!known.has(name)) appendFileSync(path, `${JSON.stringify([name, answer])}\n`);
    known.set(name, answer);
    return answer;
  };
}
