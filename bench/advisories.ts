import { indexAdvisories } from '../src/formats/advisories/match.ts';
import { readAdvisories } from '../src/formats/advisories/read-advisories.ts';
import { type Shipped, vulnerabilitiesOf } from '../src/validator/vulnerabilities.ts';

/** Synthetic: as many advisories and images as asked for, of packages and versions that are made up. */
export interface AdvisorySizes {
  readonly advisories: number;
  readonly images: number;
  /** Source packages that the advisories speak of. */
  readonly sources: number;
  /** Packages of an image. */
  readonly packages: number;
}

export interface AdvisoryFigures extends AdvisorySizes {
  readonly readMs: number;
  readonly matchMs: number;
  /** Time of the processor for both: what other work on the machine does not stretch. */
  readonly processorMs: number;
  readonly concerned: number;
  readonly matches: number;
}

/** Reads synthetic advisories in Debian's tracker format, and finds the images that they concern. */
export function benchAdvisories(sizes: AdvisorySizes): AdvisoryFigures {
  const text = Buffer.from(JSON.stringify(makeTracker(sizes)));
  // As they come of a catalog: texts of their own.
  const images = JSON.parse(JSON.stringify(makeImages(sizes))) as Shipped[];
  const processor = process.cpuUsage();
  const before = performance.now();
  const index = indexAdvisories([readAdvisories('synthetic.json', text)]);
  const read = performance.now();
  const found = images.map((it) => vulnerabilitiesOf(it, index).length);
  const matched = performance.now();
  const { user, system } = process.cpuUsage(processor);
  const matches = found.reduce((sum, it) => sum + it, 0);
  return {
    ...sizes,
    readMs: read - before,
    matchMs: matched - read,
    processorMs: (user + system) / 1_000,
    concerned: found.filter((it) => it > 0).length,
    matches,
  };
}

/** Numbers that look random and are the same on every run. */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** What is in use is mostly newer than what was mended. */
const versionOf = (random: (below: number) => number, major: number): string =>
  `${major}.${random(30)}.${random(10)}-${1 + random(3)}+deb12u${random(9)}`;

export function makeTracker({ advisories, sources }: AdvisorySizes): Record<string, Record<string, unknown>> {
  const random = makeRandom(7);
  const urgencies = ['unimportant', 'low', 'medium', 'high', 'not yet assigned'];
  const tracker: Record<string, Record<string, unknown>> = {};
  for (let at = 0; at < advisories; at += 1) {
    const source = `source-${random(sources)}`;
    const open = random(100) === 0;
    const state = open ? { status: 'open' } : { status: 'resolved', fixed_version: versionOf(random, random(20)) };
    tracker[source] ??= {};
    tracker[source][`CVE-2026-${at}`] = { releases: { bookworm: { ...state, urgency: urgencies[random(5)] } } };
  }
  return tracker;
}

export function makeImages({ images, sources, packages }: AdvisorySizes): Shipped[] {
  const random = makeRandom(11);
  // Of each source package a handful of versions is in use, as images are built on different days.
  const versions = Array.from({ length: sources }, () => Array.from({ length: 4 }, () => versionOf(random, 19)));
  return Array.from({ length: images }, () => ({
    release: 'bookworm',
    packages: Array.from({ length: packages }, () => {
      const source = random(sources);
      return {
        name: `package-${source}`,
        sourceName: `source-${source}`,
        sourceVersion: versions[source]![random(4)]!,
      };
    }),
  }));
}
