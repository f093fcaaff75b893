import { posix } from 'node:path';
import { z } from 'zod';
import { blockedAt, may, serviceCredentials } from '../access.ts';
import { folderFix } from '../fixes.ts';
import { answer, defineRule, type Observation, type RuleContext } from '../rule.ts';

/** Emptied or mounted at each boot: what lies below is made then. */
const VOLATILE = /^\/(run|tmp|dev|proc|sys|var\/run|var\/lock|var\/tmp)(\/|$)/;

const BOOT_LIST = '/usr/lib/kiln/directories.list';

/** The folders that the service works in and writes to are there, or are made when it starts, and its user may use them. */
export const writableFolders = defineRule({
  id: 'writable-folders',
  title: 'the folders that the service works in and writes to exist, and its user may write there',
  remedy: 'state the folder under application.run.directories in the spec',
  parameters: z.strictObject({
    folders: z.array(z.string()).default([]).describe('further folders that the service must be able to write to'),
  }),
  check(context, { folders }) {
    const wanted = wantedFolders(context, folders);
    const made = [...context.inventory.service.directories, ...madeAtBoot(context)];
    const lasting = wanted.filter(({ path }) => !VOLATILE.test(path) && !made.includes(path));
    return answer(lasting.flatMap((it) => folderFinding(context, it)));
  },
});

/** Folders that the image itself makes at each boot, with their owners. */
function madeAtBoot({ tree }: RuleContext): string[] {
  if (tree.resolve(BOOT_LIST)?.type !== 'file') return [];
  const rows = tree.read(BOOT_LIST).toString('utf8').split('\n');
  return rows.flatMap((row) => {
    const [type, , , , path] = row.split('\t');
    return type === 'directory' && path !== undefined ? [path] : [];
  });
}

interface Wanted {
  readonly path: string;
  readonly by: string;
  readonly write: boolean;
  /** It may be absent. */
  readonly optional?: boolean;
}

function wantedFolders({ inventory, spec }: RuleContext, folders: readonly string[]): Wanted[] {
  const unit = inventory.units.find(({ name }) => name === inventory.service.unit);
  const setting = (key: string) => (unit?.settings[`Service.${key}`] ?? '').split(/\s+/).filter(Boolean);
  const working = spec.application.run.workingDirectory ?? setting('WorkingDirectory')[0];
  return [
    ...(working === undefined ? [] : [{ path: working, by: 'working directory', write: false }]),
    ...setting('ReadWritePaths').map(readWritePath),
    ...folders.map((path) => ({ path, by: 'the policy', write: true })),
  ].filter(({ path }) => path.startsWith('/'));
}

/** `-` before a path: it may be absent; `+`: it is meant inside the unit's own root (systemd.exec(5), ReadWritePaths). */
function readWritePath(text: string): Wanted {
  const [, marks = '', path = ''] = /^([-+]*)(.*)$/.exec(text) ?? [];
  return { path, by: 'ReadWritePaths', write: true, optional: marks.includes('-') };
}

function folderFinding({ tree, inventory }: RuleContext, { path, by, write, optional }: Wanted): Observation[] {
  const entry = tree.resolve(path);
  const about = { file: path, wanted: write ? `a folder that ${inventory.service.user} may write to` : 'a folder' };
  if (!entry && optional) return [];
  if (!entry)
    return [
      {
        message: `${path} (${by}) is not in the image`,
        seen: 'absent',
        ...about,
        fix: folderFix(path, inventory.service.user, inventory.service.group),
      },
    ];
  if (entry.type !== 'directory') return [{ message: `${path} (${by}) is not a folder`, seen: entry.type, ...about }];
  const who = serviceCredentials(inventory);
  if (!who) return [];
  const blocked = blockedAt(tree, who, posix.join(entry.path, '.x'));
  const denied = blocked ?? (write && !may(who, entry, 2) ? entry.path : undefined);
  if (denied === undefined) return [];
  const at = tree.resolve(denied)!;
  return [
    {
      message: `user ${inventory.service.user} may not ${blocked ? 'enter' : 'write to'} ${denied} (${by})`,
      seen: `mode ${at.mode.toString(8).padStart(4, '0')}, owner ${at.uid}:${at.gid}`,
      ...about,
    },
  ];
}
