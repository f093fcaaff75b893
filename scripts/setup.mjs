// Brings a checkout to the point where Kiln runs: npm packages (the pinned Node among them) and Debian packages.
// Plain JavaScript for the system's Node, without dependencies; nothing is done when nothing is missing.
//   node scripts/setup.mjs [--test] [--bench]
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingDebianPackages, neededDebianPackages } from './setup/debian.mjs';
import { installNpmPackages, npmPackagesMissing } from './setup/npm.mjs';
import { Stop } from './setup/stop.mjs';

const OLDEST_NODE = [20, 12];
const root = fileURLToPath(new URL('..', import.meta.url));

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Stop(`this is Node ${process.versions.node}, and the set-up needs ${OLDEST_NODE.join('.')} or newer`, [
    'install a newer nodejs; Kiln then brings the Node that it runs on itself',
  ]);
}

function setUp(groups) {
  requireNode();
  const reason = npmPackagesMissing(root);
  if (reason) installNpmPackages(root, reason);
  const missing = missingDebianPackages(neededDebianPackages(root, groups));
  if (missing.length > 0) installDebianPackages(missing);
}

try {
  setUp(['run', ...['test', 'bench'].filter((group) => process.argv.includes(`--${group}`))]);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(`set-up: ${error.message}`);
  for (const line of error.todo) console.error(`  ${line}`);
  process.exitCode = error.exitStatus;
}
