import { listeningIn } from '../../formats/system/console-listening.ts';
import type { ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { TestResult } from '../../ports/test-bed.ts';
import { testsOf } from '../application/tests-of-spec.ts';
import { askTest } from '../gate/ask-test.ts';

type TestPorts = Pick<Ports, 'catalog' | 'testBed' | 'progress' | 'signal'>;

/**
 * Asks a version what the spec asks now, where that is not what it was asked last: it is booted, and not built again. Gives the version
 * with its new results.
 */
export async function testAgain(ports: TestPorts, version: ImageVersion, spec: ImageSpec): Promise<ImageVersion> {
  const tests = testsOf(spec);
  const testsDigest = digestOf(tests);
  if (version.facts.testsDigest === testsDigest) return version;
  const { results, console } = await probeAll(ports, version, spec, testsDigest);
  const facts = { tests: results, testsDigest, listening: listeningIn(console) };
  await ports.catalog.updateVersion(version.image, version.version, { facts });
  return { ...version, facts: { ...version.facts, ...facts } };
}

async function probeAll(
  { testBed, progress, signal }: TestPorts,
  { image, version, imageId, diskDigest }: ImageVersion,
  spec: ImageSpec,
  testsDigest: string,
): Promise<{ results: TestResult[]; console: string }> {
  progress.note(`booting ${image}@${version} for tests that changed`);
  const key = `${imageId}-tests-${testsDigest.slice(0, 12)}`;
  const launch = { diskDigest, imageId, ports: spec.application.ports, key, account: 'test' };
  const instance = await testBed.launch(launch, signal);
  const results: TestResult[] = [];
  try {
    for (const test of testsOf(spec)) {
      results.push(await askTest(testBed, instance, test, signal));
      if (!results.at(-1)!.passed) break;
    }
  } finally {
    await testBed.stop(instance);
  }
  return { results, console: await testBed.console(instance) };
}
