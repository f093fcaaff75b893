import type { ImageVersion } from '../model/build.ts';
import { KilnError } from '../model/error.ts';
import { timestamp } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Instance, TestResult } from '../ports/test-bed.ts';
import { type ImageReference, requireVersion } from './image-reference.ts';
import { testsOf } from './test-image.ts';

export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly instance: Instance; readonly version: ImageVersion }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

type LaunchPorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'testBed' | 'specs' | 'signal'>;

/** Boots an image for an account that has the grant; every attempt is recorded. Throws NOT_FOUND when there is no such image. */
export async function launchImage(
  ports: LaunchPorts,
  reference: ImageReference,
  account: string,
  key: string,
): Promise<LaunchOutcome> {
  const version = await requireVersion(ports.catalog, reference);
  const reason = await whyRefused(ports, version, account);
  await recordAttempt(ports, version, account, key, reason);
  if (reason !== undefined) {
    return {
      kind: 'refused',
      reason,
      hint: `kiln share ${version.image} --account ${account} gives the grant, if its policies allow`,
    };
  }
  const { spec } = await ports.specs.load(version.image);
  const { diskDigest, imageId } = version;
  const request = { diskDigest, imageId, ports: spec.application.ports, key, account, detach: true };
  return { kind: 'launched', instance: await ports.testBed.launch(request, ports.signal), version };
}

/** Waits until the spec's tests pass against an instance, in their order; ends with the first that does not. */
export async function awaitReady(
  { specs, testBed, signal }: LaunchPorts,
  instance: Instance,
  image: string,
): Promise<TestResult[]> {
  const { spec } = await specs.load(image);
  const results: TestResult[] = [];
  for (const test of testsOf(spec)) {
    const result = await testBed.probe(instance, test, signal);
    results.push(result);
    if (!result.passed) break;
  }
  return results;
}

async function whyRefused(
  { catalog, registry }: LaunchPorts,
  version: ImageVersion,
  account: string,
): Promise<string | undefined> {
  const { image, version: number, imageId, state } = version;
  if (state !== 'available') return `${image}@${number} is ${state}`;
  const [grant] = await catalog.listGrants({ image, version: number, account, inForce: true });
  if (!grant) return `account ${account} has no grant for ${image}@${number}`;
  const registered = await registry.describe(imageId);
  // The registry is what enforces; a grant that only the catalog knows is not one.
  if (!registered?.sharedWith.includes(account))
    return `the registry does not share ${imageId} with account ${account}`;
  return undefined;
}

async function recordAttempt(
  { catalog, clock }: LaunchPorts,
  version: ImageVersion,
  account: string,
  key: string,
  refused?: string,
): Promise<void> {
  const kind = refused === undefined ? 'launch.allowed' : 'launch.refused';
  const detail = { version: version.version, account, ...(refused === undefined ? {} : { reason: refused }) };
  await catalog.recordEvent({ id: `${kind}:${key}`, kind, at: timestamp(clock), image: version.image, detail });
}

/** An instance by its identifier. Throws NOT_FOUND. */
export async function requireInstance({ testBed }: Pick<Ports, 'testBed'>, id: string): Promise<Instance> {
  const running = await testBed.running();
  const found = running.find((it) => it.id === id);
  if (found) return found;
  const hint = running.length > 0 ? `running: ${running.map((it) => it.id).join(', ')}` : 'nothing runs';
  throw new KilnError('NOT_FOUND', `no instance ${id}`, { hint });
}
