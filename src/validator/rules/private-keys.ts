import { z } from 'zod';
import { removeFix } from '../fixes.ts';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

const KINDS = new Set(['private-key', 'token', 'password-file']);

/** No private key, access token or password file, whatever the file is called and whoever ships it. */
export const privateKeys = defineInventoryRule({
  id: 'private-keys',
  title: 'no private key, access token or password is in the image',
  remedy:
    'make it at first boot (identities in the spec) or fetch it at run time; a package’s own test key: minimize.remove',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of files that may hold keys'),
    allowPackages: z.array(z.string()).default([]).describe('packages whose own, published keys are accepted'),
  }),
  check({ inventory }, { allow, allowPackages }) {
    const found = inventory.secrets.filter((secret) => KINDS.has(secret.kind) && !fitsAny(secret.path, allow));
    return answer(
      found
        .filter((secret) => !allowPackages.includes(secret.package))
        .map((secret) => ({
          message: `${secret.path} holds ${secret.encrypted ? 'an encrypted' : 'a'} ${secret.kind.replace('-', ' ')}`,
          file: secret.path,
          package: secret.package || undefined,
          fix: secret.package
            ? removeFix(secret.path)
            : { field: 'identities', add: { path: secret.path, remove: true } },
          seen: secret.line > 0 ? `${secret.format}, line ${secret.line}` : secret.format,
          wanted: 'none',
        })),
    );
  },
});
