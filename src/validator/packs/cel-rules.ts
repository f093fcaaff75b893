import type { Severity } from '../../model/finding.ts';
import type { PolicySource } from '../../model/policy.ts';

/** A rule of a policy, as it is written. */
export type RuleSource = NonNullable<PolicySource['rules']>[number];
/** A CEL rule, as it is written. */
export type CelRuleSource = Extract<RuleSource, { id: string }>;

/** Text as a CEL literal. */
export const quote = (text: string): string => JSON.stringify(text);

/** Texts as a CEL list. */
export const listOf = (texts: readonly string[]): string => `[${texts.map(quote).join(', ')}]`;

/** None of these packages is in, unless the image is made for it. `names` may hold `*`. */
export function withoutPackages(
  id: string,
  what: string,
  names: readonly string[],
  more: Partial<CelRuleSource> = {},
): CelRuleSource {
  const fits = names
    .map((name) => (name.includes('*') ? `it.name.fits(${quote(name)})` : `it.name == ${quote(name)}`))
    .join(' || ');
  return {
    id,
    title: what,
    each: 'packages',
    where: `(${fits}) && !(it.name in image.roots)`,
    require: 'false',
    file: '"/var/lib/dpkg/status.d/" + it.name',
    seen: 'it.name + " " + it.version',
    wanted: 'absent',
    remedy: 'kiln why tells what asks for the package; resolution.exclude or avoid in the spec leaves it out',
    ...more,
  };
}

/** A path, where it is there, belongs to root and gives no right beyond `mode`. `groups`: whose it may be. */
export function limitedAccess(
  id: string,
  path: string,
  mode: string,
  more: Partial<CelRuleSource> & { groups?: readonly string[] } = {},
): CelRuleSource {
  const { groups = ['root'], ...rest } = more;
  return {
    id,
    title: `${path} belongs to root, and nobody has rights on it beyond ${mode}`,
    applies: `files.exists(f, f.path == ${quote(path)})`,
    otherwise: `${path} is not in the image`,
    each: 'files',
    where: `it.path == ${quote(path)}`,
    require: `it.owner == "root" && it.group in ${listOf(groups)} && it.mode.within(${quote(mode)})`,
    seen: 'it.mode + " " + it.owner + ":" + it.group',
    wanted: `${mode} root:${groups.join(' or ')}`,
    ...rest,
  };
}

/** Kernel settings, with what the kernel of Debian 12 takes without being told. */
export function kernelSettings(
  id: string,
  title: string,
  settings: Readonly<Record<string, { want: string; kernel: string }>>,
  more: Partial<CelRuleSource> = {},
): CelRuleSource {
  const keys = Object.keys(settings);
  const value = (key: string) => `sysctl[?${quote(key)}].orValue(${quote(settings[key]!.kernel)})`;
  const lines = keys.map((key) => `${key} = ${settings[key]!.want}`);
  return {
    id,
    title,
    require: keys.map((key) => `${value(key)} == ${quote(settings[key]!.want)}`).join(' && '),
    seen: keys.map((key) => `${quote(`${key} = `)} + ${value(key)}`).join(' + ", " + '),
    wanted: lines.join(', '),
    file: '"/etc/sysctl.d"',
    remedy: `application.files: a file such as /etc/sysctl.d/60-policy.conf with ${lines.join('; ')}`,
    ...more,
  };
}

/** Something of the SSH server's effective settings, where there is one. */
export function sshSetting(
  id: string,
  title: string,
  require: string,
  key: string,
  wanted: string,
  more: Partial<CelRuleSource> = {},
): CelRuleSource {
  return {
    id,
    title,
    applies: 'ssh.server',
    otherwise: 'there is no SSH server in the image',
    require,
    file: '"/etc/ssh/sshd_config"',
    seen: `ssh.options[?${quote(key)}].orValue("not set")`,
    wanted,
    remedy: `application.files: /etc/ssh/sshd_config.d/60-policy.conf that sets ${key} to ${wanted}`,
    ...more,
  };
}

/** Something that an image of this kind is not asked, and why. */
export function notAsked(id: string, title: string, why: string): CelRuleSource {
  return { id, title, severity: 'info', applies: 'false', otherwise: why, require: 'true' };
}

/** Rules with one severity, and each with the clause that its identifier ends in. */
export function citing(standard: string, severity: Severity, rules: readonly CelRuleSource[]): CelRuleSource[] {
  return rules.map((rule) => ({
    reference: `${standard} ${rule.id.replace(/^[a-z]+-/, '').replace(/-.*$/, '')}`,
    severity,
    ...rule,
  }));
}
