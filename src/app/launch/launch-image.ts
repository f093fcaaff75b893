import type { ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Instance, TestResult } from '../../ports/test-bed.ts';
import { reachablePorts } from '../application/ports.ts';
import { testsOf } from '../application/tests-of-spec.ts';
import { type ImageReference, requireVersion } from '../gate/image-reference.ts';
import { type AccountJudgement, type JudgePorts, judgeVersion } from '../gate/judge.ts';

export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly instance: Instance; readonly version: ImageVersion }
  | { readonly kind: 'refused'; readonly reason: string; readonly hint: string };

type LaunchPorts = JudgePorts & Pick<Ports, 'registry' | 'testBed' | 'signal'>;

/** Boots an image for an account that has the grant and that the policies of now permit it; every attempt is recorded. Throws NOT_FOUND when there is no such image. */
export async function launchImage(
  ports: LaunchPorts,
  reference: ImageReference,
  account: string,
  key: string,
): Promise<LaunchOutcome> {
  const version = await requireVersion(ports.catalog, reference);
  const refused = (await whyRefused(ports, version, account)) ?? (await whyDenied(ports, version, account, key));
  await recordAttempt(ports, version, account, key, refused?.reason);
  if (refused) return { kind: 'refused', ...refused };
  const { spec } = await ports.specs.load(version.image);
  const { diskDigest, imageId } = version;
  const request = { diskDigest, imageId, ports: reachablePorts(spec, version.facts), key, account, detach: true };
  return { kind: 'launched', instance: await ports.testBed.launch(request, ports.signal), version };
}

/** Waits until the spec's tests pass against an instance, in their order; ends with the first that does not. */
export async function awaitReady(
  { specs, testBed, signal }: Pick<LaunchPorts, 'specs' | 'testBed' | 'signal'>,
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

interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

async function whyRefused(
  { catalog, registry }: Pick<LaunchPorts, 'catalog' | 'registry'>,
  version: ImageVersion,
  account: string,
): Promise<Refusal | undefined> {
  const { image, version: number, imageId, state } = version;
  if (state !== 'available')
    return { reason: `${image}@${number} is ${state}`, hint: 'kiln images lists what can be launched' };
  const hint = `kiln share ${image} --account ${account} gives the grant, if its policies allow`;
  const [grant] = await catalog.listGrants({ image, version: number, account, inForce: true });
  if (!grant) return { reason: `account ${account} has no grant for ${image}@${number}`, hint };
  const registered = await registry.describe(imageId);
  // The registry is what enforces; a grant that only the catalog knows is not one.
  if (registered?.sharedWith.includes(account)) return undefined;
  return { reason: `the registry does not share ${imageId} with account ${account}`, hint };
}

/** A grant says what was decided when it was given; launching asks again. */
async function whyDenied(
  ports: LaunchPorts,
  version: ImageVersion,
  account: string,
  key: string,
): Promise<Refusal | undefined> {
  const { accounts } = await judgeVersion(ports, version, { askedBy: 'launch', key }, [account]);
  const { decisions, refused } = accounts[0] as AccountJudgement;
  if (decisions.some((it) => it.action === 'launch' && it.allowed)) return undefined;
  return refused ?? { reason: 'no access policy permits it', hint: `see: kiln can ${account} launch ${version.image}` };
}

async function recordAttempt(
  { catalog, clock }: Pick<LaunchPorts, 'catalog' | 'clock'>,
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
