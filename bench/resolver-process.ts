import { readFileSync } from 'node:fs';
import type { VerifiedIndex } from '../src/model/package.ts';
import { resolve } from '../src/resolver/resolve.ts';
import { loadUniverse } from '../src/resolver/universe/load-universe.ts';
import { buildUniverse } from '../src/resolver/universe/universe.ts';
import { makeResolution, makeRoots } from '../test/support/universe.ts';

/**
 * One process as it is measured: `INDEXES CACHE PACKAGE`. With a cache folder it starts from the binary universe, without (`-`) from the
 * indexes. Prints one line of JSON: size of the proven closure (KiB), peak memory (KiB).
 */
const [indexesPath = '', cache = '-', name = ''] = process.argv.slice(2);
const indexes: VerifiedIndex[] = JSON.parse(readFileSync(indexesPath, 'utf8'));

const universe =
  cache === '-'
    ? buildUniverse(
        indexes.map((index) => ({ index, text: readFileSync(index.path) })),
        'amd64',
      )
    : loadUniverse(cache, indexes, 'amd64');
const outcome = resolve(universe, { roots: makeRoots([name]), resolution: makeResolution(), prove: true });
const answer =
  outcome.kind === 'resolved'
    ? { packages: outcome.packages.length, sizeKiB: outcome.installedSizeKiB, proven: outcome.proven }
    : { packages: 0, sizeKiB: 0, proven: false };
// Not maxRSS: that counts what the parent had before this program replaced it.
const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
console.log(JSON.stringify({ ...answer, peakKiB }));
