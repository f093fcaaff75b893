import { z } from 'zod';
import { STATUS_FOLDER } from '../read/packages.ts';
import { answer, defineRule, type Observation } from '../rule.ts';

/** The packages that the image says it has are those of the lock, in the lock's versions. */
export const packageSet = defineRule({
  id: 'package-set',
  title: 'the image has the packages of its lock, in its versions, and no others',
  remedy: 'bake again from the lock',
  parameters: z.strictObject({}),
  check({ lock, inventory }) {
    const locked = new Map(lock.packages.map((it) => [it.name, it.version]));
    const present = new Map(inventory.packages.map((it) => [it.name, it.version]));
    const findings: Observation[] = [];
    for (const [name, version] of locked) {
      const seen = present.get(name);
      if (seen !== version) findings.push(differing(name, seen, version));
    }
    for (const [name, version] of present) {
      if (!locked.has(name))
        findings.push({ ...differing(name, version, 'absent'), message: `package ${name} is not in the lock` });
    }
    return answer(findings);
  },
});

function differing(name: string, seen: string | undefined, wanted: string): Observation {
  const message =
    seen === undefined
      ? `package ${name} of the lock is not in the image`
      : `package ${name} is not in the lock’s version`;
  return { message, file: `${STATUS_FOLDER}/${name}`, package: name, seen: seen ?? 'absent', wanted };
}
