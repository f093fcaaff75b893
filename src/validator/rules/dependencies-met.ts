import { z } from 'zod';
import { formatAlternatives } from '../../formats/debian/relation.ts';
import { satisfies } from '../../formats/debian/version.ts';
import type { Alternatives, Relation } from '../../model/relation.ts';
import { type PackageStatus, readStatus, STATUS_FOLDER } from '../read/packages.ts';
import { answer, defineRule, notApplicable, type Observation } from '../rule.ts';

type Packages = ReadonlyMap<string, PackageStatus>;

/** Each Depends and Pre-Depends group of a package that is in whole is met by the packages that the image has (Debian Policy §7.2). */
export const dependenciesMet = defineRule({
  id: 'dependencies-met',
  title: 'the packages of the image meet one another’s Depends and Pre-Depends',
  reference: 'Debian Policy §7.2',
  remedy: 'resolve again',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('names of packages that may be missing'),
  }),
  check({ tree, lock, providerOf }, { allow }) {
    const status = readStatus(tree);
    if (status.size === 0) return notApplicable(`the image lists no packages in ${STATUS_FOLDER}`);
    // Of a package in part the files that are there were chosen on evidence, and the packages below it were not.
    const whole = lock.packages.filter((it) => it.files === undefined && it.layer !== 'evidence');
    const partial = new Set(lock.packages.filter((it) => it.files !== undefined).map((it) => it.name));
    const unmet = whole.flatMap(({ name }) =>
      (status.get(name)?.depends ?? [])
        .filter((group) => !group.some((it) => allow.includes(it.name) || isMet(it, status, partial)))
        .map((group) => finding(name, group, status, providerOf)),
    );
    return answer(unmet);
  },
});

/** By the package of that name if its version fits; else by one that Provides the name (a versioned relation: in a version that fits). */
function isMet({ name, constraint }: Relation, status: Packages, partial: ReadonlySet<string>): boolean {
  const named = status.get(name);
  if (named && !partial.has(name) && satisfies(named.version, constraint)) return true;
  return [...status].some(
    ([owner, { provides }]) =>
      !partial.has(owner) &&
      provides.some((it) => it.name === name && (constraint === undefined || fits(it.constraint?.version, constraint))),
  );
}

function fits(version: string | undefined, constraint: Relation['constraint']): boolean {
  return version !== undefined && satisfies(version, constraint);
}

function finding(
  name: string,
  group: Alternatives,
  status: Packages,
  providerOf: (want: string) => string | undefined,
): Observation {
  const wanted = formatAlternatives(group);
  const seen = group.flatMap((it) => status.get(it.name)?.version ?? [])[0];
  const provider = group.map((it) => providerOf(it.name)).find(Boolean);
  return {
    message: `${name} needs ${wanted}, which the image does not have`,
    file: `${STATUS_FOLDER}/${name}`,
    package: name,
    seen: seen ?? 'absent',
    wanted,
    fix: { field: 'resolution.include', add: provider ?? group[0]!.name },
    mend: `package ${provider ?? group[0]!.name} has it`,
  };
}
