import { z } from 'zod';
import { removeFix } from '../fixes.ts';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

/** What only the building of the image needed, by place. */
const STATE = [
  '/var/lib/dpkg/status',
  '/var/lib/dpkg/info/*',
  '/var/lib/dpkg/*-old',
  '/var/lib/apt/**',
  '/var/cache/apt/**',
  '/var/cache/debconf/*',
  '/var/log/dpkg.log',
  '/var/log/bootstrap.log',
  '/var/log/alternatives.log',
  '/var/log/apt/**',
  '/usr/sbin/policy-rc.d',
  '/etc/.pwd.lock',
  '/etc/passwd-',
  '/etc/group-',
  '/etc/shadow-',
  '/etc/gshadow-',
];

/** Nothing is left of the package manager's state, caches and logs. */
export const buildState = defineInventoryRule({
  id: 'build-state',
  title: 'nothing is left of the package manager’s state, caches and logs',
  remedy: 'leave minimize.caches on, or remove the file with minimize.remove',
  parameters: z.strictObject({ allow: z.array(z.string()).default([]).describe('glob patterns of paths') }),
  check({ inventory }, { allow }) {
    const left = inventory.files.filter(
      ({ path, type, package: owner }) =>
        type === 'file' && owner === '' && fitsAny(path, STATE) && !fitsAny(path, allow),
    );
    return answer(
      left.map(({ path, size }) => ({
        message: `${path} is left of the build`,
        file: path,
        seen: `${size} bytes`,
        wanted: 'absent',
        fix: removeFix(path),
      })),
    );
  },
});
