import { z } from 'zod';
import { removeFix } from '../fixes.ts';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

/** No program has capabilities of its own outside the allow-list: they are rights that its caller has not (capabilities(7)). */
export const fileCapabilities = defineInventoryRule({
  id: 'file-capabilities',
  title: 'no program has more rights than who runs it by file capabilities, but for those allowed',
  reference: 'capabilities(7)',
  remedy: 'remove the file with minimize.remove, or allow it in the policy',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of paths that may have any capability'),
    capabilities: z
      .array(z.string())
      .default([])
      .describe('capabilities that any program may have, such as cap_net_bind_service'),
  }),
  check({ inventory }, { allow, capabilities }) {
    const strange = inventory.files.flatMap((file) => {
      const extra = file.capabilities.filter((name) => !capabilities.includes(name));
      return extra.length > 0 && !fitsAny(file.path, allow) ? [{ file, extra }] : [];
    });
    return answer(
      strange.map(({ file, extra }) => ({
        message: `${file.path} gives whoever runs it ${extra.join(', ')}`,
        file: file.path,
        package: file.package || undefined,
        fix: removeFix(file.path),
        seen: file.capabilities.join(', '),
        wanted: 'no capabilities',
      })),
    );
  },
});
