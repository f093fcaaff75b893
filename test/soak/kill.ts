/**
 * Kills builds with SIGKILL at random moments and starts them again, then checks what a user would: one image, one set of grants, no
 * process and no work folder left. `node test/soak/kill.ts [--kills 100] [--seed 1] [--spec examples/nginx]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killed } from '../support/kill.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    spec: { type: 'string', default: 'examples/nginx' },
    cache: { type: 'string', default: process.env.KILN_CACHE ?? '/var/lib/kiln/cache' },
  },
});

const home = mkdtempSync(join(tmpdir(), 'kiln-kill-'));
const report = await killed({
  home,
  cache: values.cache,
  spec: resolve(values.spec),
  kills: Number(values.kills),
  seed: Number(values.seed),
  log: console.log,
});
console.log(JSON.stringify(report, null, 2));
rmSync(home, { recursive: true, force: true });
process.exit(report.faults.length === 0 ? 0 : 1);
