import { posix } from 'node:path';
import { z } from 'zod';
import type { InventoryFile } from '../../model/inventory.ts';
import { folderFix } from '../fixes.ts';
import { fitsAny } from '../glob.ts';
import { readText, settingLines } from '../read/text.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';
import { isAtOrBelow, isSpecFile } from '../spec-files.ts';

/** Paths of lasting data and logs, as configuration states them. */
const DATA_PATH = /(?<![\w./$%-])\/(?:var\/(?:lib|log|cache|spool)|srv)\/[\w.+@-]+(?:\/[\w.+@-]+)*/g;
/** Configuration is written by people. */
const MAX_BYTES = 256 * 1024;

/** The folders in which the application's configuration puts data and logs are there: servers make files, not the folders for them. */
export const configuredFolders = defineRule({
  id: 'configured-folders',
  title: 'the folders in which the application’s configuration puts data and logs are in the image',
  remedy: 'state the folder under application.run.directories in the spec',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of paths that need no folder'),
  }),
  check(context, { allow }) {
    const files = configurationOf(context);
    if (files.length === 0) return notApplicable('the application has no configuration in /etc');
    const { service } = context.inventory;
    const made = service.directories;
    const lost = new Map<string, Observation>();
    for (const { path: file, package: owner } of files) {
      for (const { line, text } of settingLines(readText(context.tree, file) ?? '', /^\s*(#|;|--|\/\/)/)) {
        for (const [path] of text.replace(/\s[#;].*$/, '').matchAll(DATA_PATH)) {
          const folder = posix.dirname(path);
          if (lost.has(folder) || fitsAny(path, allow) || made.some((it) => isAtOrBelow(folder, it) || it === path))
            continue;
          if (context.tree.resolve(path) || context.tree.resolve(folder)?.type === 'directory') continue;
          const message = `${file} line ${line} names ${path}, and there is no folder ${folder}`;
          lost.set(folder, {
            message,
            file,
            package: owner || undefined,
            seen: 'absent',
            wanted: `a folder ${folder}`,
            fix: folderFix(folder, service.user, service.group),
          });
        }
      }
    }
    return answer([...lost.values()]);
  },
});

/** Files in /etc of the packages that the spec asks for, or of the same sources, and those that the spec lays there. */
function configurationOf(context: RuleContext): InventoryFile[] {
  const { inventory } = context;
  const sources = new Map(inventory.packages.map(({ name, sourceName }) => [name, sourceName]));
  const roots = new Set(inventory.image.roots.flatMap((name) => sources.get(name) ?? []));
  const isOwn = ({ path, package: owner }: InventoryFile) =>
    roots.has(sources.get(owner) ?? '') || isSpecFile(context, path);
  const links = inventory.files.filter(({ type, path }) => type === 'symlink' && path.startsWith('/etc/'));
  const enabled = new Set(links.flatMap(({ path }) => context.tree.resolve(path)?.path ?? []));
  // What lies ready in `sites-available` and its kind is read once a link leads there.
  const isRead = ({ path }: InventoryFile) => !/-available\//.test(path) || enabled.has(path);
  return inventory.files.filter(
    (file) =>
      file.type === 'file' &&
      file.size <= MAX_BYTES &&
      /^\/etc\/(?!init\.d\/|cron|logrotate\.d\/|ufw\/|apparmor)/.test(file.path) &&
      isRead(file) &&
      isOwn(file),
  );
}
