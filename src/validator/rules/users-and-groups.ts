import { z } from 'zod';
import type { InventoryFile } from '../../model/inventory.ts';
import { readText, settingLines } from '../read/text.ts';
import { answer, defineRule, type Observation, type RuleContext } from '../rule.ts';

/** Many files of one missing owner are one mistake. */
const EXAMPLES = 5;

/** Owners of files, and users and groups that the spec, units and tmpfiles.d name, exist (CIS 7.1.12). */
export const usersAndGroups = defineRule({
  id: 'users-and-groups',
  title: 'each user and group that a file, a unit or the spec names exists',
  reference: 'CIS Debian 12 7.1.12',
  remedy: 'include the package that makes the user, or lay /etc/passwd and /etc/group in by application.files',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('names and numbers that need not exist'),
  }),
  check(context, { allow }) {
    const findings = [...ownerFindings(context, 'uid'), ...ownerFindings(context, 'gid'), ...nameFindings(context)];
    return answer(findings.filter(({ wanted }) => !allow.includes((wanted ?? '').replace(/^(user|group) /, ''))));
  },
});

function ownerFindings({ inventory }: RuleContext, field: 'uid' | 'gid'): Observation[] {
  const kind = field === 'uid' ? 'user' : 'group';
  const lost = new Map<number, InventoryFile[]>();
  for (const file of inventory.files) {
    if ((field === 'uid' ? file.owner : file.group) !== '') continue;
    const same = lost.get(file[field]);
    if (same) same.push(file);
    else lost.set(file[field], [file]);
  }
  return [...lost].map(([id, files]) => ({
    message: `${files.length === 1 ? 'a file belongs' : `${files.length} files belong`} to ${kind} ${id}, which does not exist: ${files
      .slice(0, EXAMPLES)
      .map((it) => it.path)
      .join(', ')}${files.length > EXAMPLES ? ', …' : ''}`,
    file: files[0]!.path,
    package: files[0]!.package || undefined,
    seen: `no ${kind} ${id} in /etc/${kind === 'user' ? 'passwd' : 'group'}`,
    wanted: `${kind} ${id}`,
  }));
}

interface Mention {
  readonly kind: 'user' | 'group';
  readonly name: string;
  readonly by: string;
  readonly package?: string;
}

function nameFindings(context: RuleContext): Observation[] {
  const { inventory } = context;
  const known = {
    user: new Set(inventory.users.flatMap(({ name, uid }) => [name, String(uid)])),
    group: new Set(inventory.groups.flatMap(({ name, gid }) => [name, String(gid)])),
  };
  return mentions(context)
    .filter(({ kind, name }) => name !== '' && name !== '-' && !name.includes('%') && !known[kind].has(name))
    .map(({ kind, name, by, package: owner }) => ({
      message: `${by} names ${kind} ${name}, which does not exist`,
      file: by.startsWith('/') ? by : undefined,
      package: owner,
      seen: `no ${kind} ${name} in /etc/${kind === 'user' ? 'passwd' : 'group'}`,
      wanted: `${kind} ${name}`,
    }));
}

function mentions({ tree, inventory, spec }: RuleContext): Mention[] {
  const { run, files, from } = spec.application;
  const places = [...run.directories, ...files, ...(from ? [from] : [])];
  const found: Mention[] = [
    { kind: 'user', name: run.user ?? '', by: 'application.run.user' },
    { kind: 'group', name: run.group ?? '', by: 'application.run.group' },
    ...places.flatMap(({ owner, group }): Mention[] => [
      { kind: 'user', name: owner, by: 'the spec' },
      { kind: 'group', name: group, by: 'the spec' },
    ]),
  ];
  for (const unit of inventory.units) {
    // A unit that nothing starts names nobody; DynamicUser makes its user when it starts.
    if (!unit.enabled || /^(yes|true|1|on)$/i.test(unit.settings['Service.DynamicUser'] ?? '')) continue;
    const by = { by: unit.path, package: unit.package || undefined };
    found.push(
      { kind: 'user', name: unit.user, ...by },
      ...unit.groups.map((name): Mention => ({ kind: 'group', name, ...by })),
    );
  }
  return [...found, ...temporaryFileMentions(tree, inventory)];
}

/** Columns 4 and 5 of tmpfiles.d(5) of packages that ship more than the system's own. */
function temporaryFileMentions(tree: RuleContext['tree'], { image }: RuleContext['inventory']): Mention[] {
  const folders = image.init === 'systemd' ? ['/etc/tmpfiles.d', '/usr/lib/tmpfiles.d'] : [];
  return folders.flatMap((folder) =>
    tree.list(folder).flatMap((name) =>
      [...settingLines(readText(tree, `${folder}/${name}`) ?? '', /^\s*#/)].flatMap(({ text }): Mention[] => {
        const [, , , user = '', group = ''] = text.split(/\s+/);
        const by = `${folder}/${name}`;
        return [
          { kind: 'user', name: user.replace(/^:/, ''), by },
          { kind: 'group', name: group.replace(/^:/, ''), by },
        ];
      }),
    ),
  );
}
