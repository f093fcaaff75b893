import { z } from 'zod';
import type { InventoryFile } from '../../model/inventory.ts';
import { fitsAny } from '../glob.ts';
import { answer, defineInventoryRule } from '../rule.ts';

/** Nothing that everybody may write to, but for directories with the sticky bit (CIS 7.1.11). */
export const worldWritable = defineInventoryRule({
  id: 'world-writable',
  title: 'nobody but the owner may replace a file: what all may write to is a directory with the sticky bit',
  reference: 'CIS Debian 12 7.1.11',
  remedy: 'take the right to write from others, or set the sticky bit on the directory',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of paths that all may write to'),
  }),
  check({ inventory }, { allow }) {
    const open = inventory.files.filter(
      (file) => file.worldWritable && !isHarmless(file) && !fitsAny(file.path, allow),
    );
    return answer(
      open.map((file) => ({
        message: `everybody may write to ${file.path}`,
        file: file.path,
        package: file.package || undefined,
        seen: file.mode,
        wanted:
          file.type === 'directory' ? `1${file.mode.slice(1)}` : `${file.mode.slice(0, 3)}${Number(file.mode[3]) & 5}`,
      })),
    );
  },
});

function isHarmless({ type, sticky, path }: InventoryFile): boolean {
  return type === 'symlink' || (type === 'directory' && sticky) || (type === 'character' && path.startsWith('/dev/'));
}
