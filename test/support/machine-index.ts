import { execFileSync } from 'node:child_process';
import type { VerifiedIndex } from '../../src/model/package.ts';
import { makeIndex } from './universe.ts';

export interface MachineIndex {
  readonly index: VerifiedIndex;
  readonly text: Buffer;
}

/** The Packages files that this machine's apt has fetched, main archive first; fetched now where there are none. */
export function machineIndexes(): MachineIndex[] {
  if (targets().length === 0) execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  const found = targets().sort((a, b) => a.codename.length - b.codename.length || (a.codename < b.codename ? -1 : 1));
  if (found.length === 0) throw new Error('internal: apt has no package lists on this machine');
  return found.map(({ codename, file }) => ({ index: makeIndex(codename), text: readList(file) }));
}

function targets(): { codename: string; file: string }[] {
  const format = '$(CREATED_BY)|$(CODENAME)|$(COMPONENT)|$(FILENAME)';
  const output = execFileSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' });
  return output.split('\n').flatMap((line) => {
    const [kind, codename = '', component, file = ''] = line.split('|');
    return kind === 'Packages' && component === 'main' ? [{ codename, file }] : [];
  });
}

/** apt keeps lists compressed in whatever way its configuration says; its own tool reads them all. */
function readList(file: string): Buffer {
  return execFileSync('/usr/lib/apt/apt-helper', ['cat-file', file], { maxBuffer: 1 << 30 });
}
