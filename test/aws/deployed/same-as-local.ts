import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { composeLocal } from '../../../src/cli/compose.ts';
import type { Build, Grant, ImageVersion } from '../../../src/model/build.ts';
import type { Catalog } from '../../../src/ports/catalog.ts';
import type { StateEvent } from '../../../src/workflow/run-locally.ts';
import { MACHINE_CACHE } from '../../support/emulator/build-container.ts';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';
import { statesOf } from './aws-state.ts';
import { ACCOUNTS, SPEC } from './example.ts';

/** The same spec by the local runner: what differs is where, not what. */
export function sameAsLocal(kiln: () => DeployedKiln): void {
  test('the local runner goes through the same states and comes to the same records, to the byte of the disk', async () => {
    const home = mkdtempSync(join(tmpdir(), 'kiln-local-'));
    try {
      const local = await builtLocally(home);
      const { catalog } = kiln();
      const deployed = await recordsOf(catalog, 'succeeded');
      const states = await statesOf(deployed.build.execution ?? '');
      expect(local.states).toEqual(states.map((it) => it.name));
      expect(comparable(local.records)).toEqual(comparable(deployed));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }, 900_000);
}

interface Records {
  readonly build: Build;
  readonly version: ImageVersion;
  readonly grants: readonly Grant[];
  readonly aliases: Readonly<Record<string, number>>;
}

async function recordsOf(catalog: Catalog, state: Build['state']): Promise<Records> {
  const [build] = await catalog.listBuilds({ image: 'nginx', state });
  const version = await catalog.getVersion('nginx', build?.version ?? 0);
  if (!build || !version) throw new Error('nginx was not built');
  const grants = await catalog.listGrants({ image: 'nginx', version: version.version, inForce: true });
  return { build, version, grants, aliases: await catalog.aliases('nginx') };
}

async function builtLocally(home: string): Promise<{ states: string[]; records: Records }> {
  mkdirSync(join(home, 'images'));
  writeFileSync(join(home, 'images/accounts.yaml'), ACCOUNTS);
  writeFileSync(join(home, 'images/image.yaml'), SPEC);
  const kiln = composeLocal({ home, cache: cacheBut('suites', home), accounts: join(home, 'images/accounts.yaml') });
  try {
    await kiln.addSpec(join(home, 'images/image.yaml'));
    const states: string[] = [];
    const onState = ({ kind, state }: StateEvent) => void (kind === 'entered' && states.push(state));
    const outcome = await kiln.build({ image: 'nginx' }, onState);
    if (outcome.kind === 'failed') throw new Error(`${outcome.error}: ${outcome.cause}`);
    return { states, records: await recordsOf(kiln.ports.catalog, 'succeeded') };
  } finally {
    kiln.close();
  }
}

/** The machine's cache without what was seen of the archives, which the functions don't know either. */
function cacheBut(left: string, home: string): string {
  const cache = join(home, 'cache');
  mkdirSync(cache);
  for (const name of readdirSync(MACHINE_CACHE).filter((it) => it !== left))
    symlinkSync(join(MACHINE_CACHE, name), join(cache, name));
  return cache;
}

/** What a record says, without identifiers, times and the kind of machine. */
function comparable({ build, version, grants, aliases }: Records) {
  const { treeDigest, diskDigest, state, facts } = version;
  // A lock names what made it, which is a bundle there and sources here.
  const bare = (text = '') => text.replace(/nginx@\d+ is \S+/, 'nginx@N is ID').replace(/lock \w+/, 'lock');
  return {
    build: build.state,
    steps: build.steps.map(({ step, outcome, detail }) => [step, outcome, bare(detail)]),
    version: { state, treeDigest, diskDigest, packages: facts.packages, sources: facts.sources },
    tests: (facts.tests as { name: string; passed: boolean }[]).map((it) => it.passed),
    grants: grants.map((it) => [it.account, it.reason]),
    aliases: Object.keys(aliases),
  };
}
