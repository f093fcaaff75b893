import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { killed } from '../support/kill.ts';

/** `npm run test:kill` does the same a hundred times. */
const KILLS = 4;

test('builds that are killed at random moments and started again end as if nobody had killed them', async () => {
  const home = mkdtempSync(join(tmpdir(), 'kiln-kill-'));
  const cache = process.env.KILN_CACHE ?? '/var/lib/kiln/cache';
  const spec = fileURLToPath(new URL('../../examples/nginx', import.meta.url));
  try {
    const report = await killed({ home, cache, spec, kills: KILLS, seed: Date.now() % 1_000_000 });
    expect(report.faults).toEqual([]);
    expect(report.kills).toBe(KILLS);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 900_000);
