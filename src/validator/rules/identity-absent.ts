import { z } from 'zod';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

const KINDS = new Set(['machine-id', 'host-key', 'random-seed']);

/** What makes one machine differ from another is not in the image: it is made at first boot. */
export const identityAbsent = defineInventoryRule({
  id: 'identity-absent',
  title: 'no machine identity, host key or random seed is in the image, so that two launches differ',
  remedy: 'name it under identities in the spec, so that it is made at first boot',
  parameters: z.strictObject({ allow: z.array(z.string()).default([]).describe('glob patterns of paths') }),
  check({ inventory }, { allow }) {
    const found = inventory.secrets.filter((secret) => KINDS.has(secret.kind) && !fitsAny(secret.path, allow));
    return answer(
      found.map((secret) => ({
        message: `${secret.path} is a ${secret.kind.replace('-', ' ')} that every instance would share`,
        file: secret.path,
        package: secret.package || undefined,
        fix: { field: 'identities', add: { path: secret.path, remove: true } },
        seen: secret.format,
        wanted: 'absent or empty',
      })),
    );
  },
});
