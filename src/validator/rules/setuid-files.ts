import { z } from 'zod';
import { removeFix } from '../fixes.ts';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

/** No set-user-id or set-group-id file outside the allow-list (CIS 7.1.13). */
export const setuidFiles = defineInventoryRule({
  id: 'setuid-files',
  title: 'no file runs with its owner’s or group’s rights, but for those allowed',
  reference: 'CIS Debian 12 7.1.13',
  remedy: 'remove the file with minimize.remove, or allow it in the policy',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of paths that may be set-id'),
  }),
  check({ inventory }, { allow }) {
    const setId = inventory.files.filter(
      (file) => file.type === 'file' && (file.setuid || file.setgid) && file.executable,
    );
    return answer(
      setId
        .filter((file) => !fitsAny(file.path, allow))
        .map((file) => ({
          message: `${file.path} runs as ${file.setuid ? `user ${file.owner || file.uid}` : `group ${file.group || file.gid}`}`,
          file: file.path,
          package: file.package || undefined,
          fix: removeFix(file.path),
          seen: file.mode,
          wanted: `0${file.mode.slice(1)}`,
        })),
    );
  },
});
