/** Resolves and bakes the image of a spec once: `node bench/bake-once.ts SPEC HOME`; prints sizes as JSON. */
import { randomUUID } from 'node:crypto';
import { bakeImage } from '../src/app/steps/bake-image.ts';
import { resolveImage } from '../src/app/steps/resolve-image.ts';
import { composeLocal } from '../src/cli/compose.ts';

const [spec = '', home = ''] = process.argv.slice(2);
const kiln = composeLocal({ home, cache: `${home}/cache` });
const image = await kiln.addSpec(spec);
const buildId = `${image}-${randomUUID()}`;
await kiln.ports.catalog.createBuild({
  id: buildId,
  image,
  cause: { kind: 'request' },
  state: 'running',
  requestedAt: new Date().toISOString(),
  steps: [],
});
const resolved = await resolveImage(kiln.ports, { image, buildId, options: { force: true } });
if (resolved.outcome !== 'succeeded') throw new Error(resolved.detail);
const peakMiB = process.resourceUsage().maxRSS / 1024;
const resolvedAt = performance.now();
const { facts } = await bakeImage(kiln.ports, { image, buildId });
const bakeSeconds = (performance.now() - resolvedAt) / 1000;
const { tree, allocatedBytes } = facts as { tree: { kept: { bytes: number } }; allocatedBytes: number };
console.log(JSON.stringify({ treeBytes: tree.kept.bytes, allocatedBytes, peakMiB, bakeSeconds }));
kiln.close();
