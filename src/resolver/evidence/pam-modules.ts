import { type PamEntry, parsePamProfile, parsePamService } from '../../formats/system/pam.ts';
import { parsePasswd } from '../../formats/system/passwd.ts';
import { baseName } from './path.ts';
import type { Demand, Rule } from './rule.ts';
import type { View } from './view.ts';

const SERVICES = ['/etc/pam.d', '/usr/lib/pam.d'];
/** Where Debian keeps what `pam-auth-update` makes the common files from while configuring. */
const TEMPLATES = '/usr/share/pam';
const PROFILES = '/usr/share/pam-configs';
const NO_LOGIN = /\/(nologin|false|sync|halt|shutdown)$/;

/** The PAM service of a program that imports libpam, and the shells of users who can log in by it. */
export const pamServices: Rule = {
  id: 'pam-services',
  explanation: 'a program asks PAM, which reads this service',
  roles: ['run'],
  *inspect({ path }, view) {
    const facts = view.elf(path);
    if (!facts?.imports.some(({ name }) => name === 'pam_start' || name === 'pam_start_confdir')) return;
    const names = new Set([...view.elfTexts(path).filter((text) => /^[a-z][\w-]*$/.test(text)), baseName(path)]);
    const demand = { rule: this.id, by: path, role: 'pam', bring: true, required: false } as const;
    const known = [...names].filter(
      (name) => name !== 'other' && SERVICES.some((folder) => view.trace(`${folder}/${name}`)),
    );
    for (const name of known)
      yield { ...demand, required: true, needs: `PAM service ${name}`, paths: SERVICES.map((it) => `${it}/${name}`) };
    yield {
      ...demand,
      needs: 'PAM service other',
      paths: SERVICES.map((it) => `${it}/other`),
      bring: false,
      quiet: true,
    };
    if (facts.imports.some(({ name }) => name === 'pam_open_session')) yield* loginShells(path, view);
  },
};

/** Shells of users who have one: a session without it is refused. */
function* loginShells(by: string, view: View): Iterable<Demand> {
  // While resolving no passwd is made yet; the list that it is made from says who will be in it.
  const list = ['/etc/passwd', '/usr/share/base-passwd/passwd.master'].find((path) => view.trace(path));
  const shells = new Map(parsePasswd(view.text(list ?? '') ?? '').map((user) => [user.shell, user]));
  for (const [shell, { name }] of shells) {
    if (NO_LOGIN.test(shell)) continue;
    const needs = `${shell} (login shell of ${name})`;
    yield { rule: 'pam-services', by, needs, paths: [shell], role: 'run', required: name === 'root', bring: true };
  }
}

/** Modules of a PAM service, those of the files it includes, and of Debian's common files. */
export const pamModules: Rule = {
  id: 'pam-modules',
  explanation: 'a PAM service names this module or file',
  roles: ['pam'],
  *inspect({ path }, view) {
    for (const entry of parsePamService(view.text(path) ?? '')) yield* entryDemands(entry, path, view);
  },
};

/** What a common file will hold once `pam-auth-update` has made it: the template's modules and those of the profiles that are in. */
function* templateDemands(template: string, view: View): Iterable<Demand> {
  for (const entry of parsePamService(view.text(template) ?? '')) yield* entryDemands(entry, template, view);
  for (const name of view.list(PROFILES)) {
    const profile = `${PROFILES}/${name}`;
    if (!view.isIn(profile)) continue;
    for (const entry of parsePamProfile(view.text(profile) ?? '') ?? []) yield* entryDemands(entry, profile, view);
  }
}

function* entryDemands(entry: PamEntry, by: string, view: View): Iterable<Demand> {
  const demand = {
    rule: 'pam-modules',
    by,
    line: entry.line,
    bring: !entry.mayMiss,
    required: !entry.mayMiss,
    quiet: entry.mayMiss,
  } as const;
  if (entry.kind === 'include') {
    const paths = SERVICES.map((folder) => `${folder}/${entry.name}`);
    const template = `${TEMPLATES}/${entry.name}`;
    if (paths.some((it) => view.trace(it)) || !view.trace(template))
      yield { ...demand, needs: entry.name, paths, role: 'pam' };
    else yield* templateDemands(template, view);
    return;
  }
  const triplets = view.list('/usr/lib').filter((name) => name.includes('-linux-'));
  const paths = entry.name.startsWith('/')
    ? [entry.name]
    : triplets.map((it) => `/usr/lib/${it}/security/${entry.name}`);
  yield { ...demand, needs: entry.name, paths, role: 'load' };
  if (baseName(entry.name) !== 'pam_exec.so') return;
  const program = entry.arguments.find((word) => word.startsWith('/'));
  if (program) yield { ...demand, needs: program, paths: [program], role: 'run' };
}
