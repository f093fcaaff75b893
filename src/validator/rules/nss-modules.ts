import { z } from 'zod';
import { includeFix } from '../fixes.ts';
import { readText, settingLines } from '../read/text.ts';
import { answer, defineRule, notApplicable, type Observation } from '../rule.ts';

/** Part of the C library itself since 2.34. */
const BUILT_IN = new Set(['files', 'dns', 'compat', 'db']);
/** What programs look up without being asked to; Debian's default names nis for netgroups, which nobody uses. */
const DATABASES = new Set([
  'passwd',
  'group',
  'shadow',
  'gshadow',
  'hosts',
  'services',
  'protocols',
  'networks',
  'initgroups',
]);

/** Each source that nsswitch.conf names has its module; the C library skips a missing one silently (nsswitch.conf(5)). */
export const nssModules = defineRule({
  id: 'nss-modules',
  title: 'each name service that /etc/nsswitch.conf names has its module in the image',
  reference: 'nsswitch.conf(5)',
  remedy: 'include the package libnss-<name>, or take the name out of /etc/nsswitch.conf by application.files',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('names of services that may be missing'),
  }),
  check({ tree, inventory, lock, providerOf }, { allow }) {
    const text = readText(tree, '/etc/nsswitch.conf');
    if (text === undefined) return notApplicable('there is no /etc/nsswitch.conf');
    const libraries = new Set(inventory.files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
    const findings: Observation[] = [];
    for (const { line, text: setting } of settingLines(text, /^\s*#/)) {
      const [, database = '', sources = ''] = /^(\w+):\s*(.*?)(?:#.*)?$/.exec(setting) ?? [];
      if (!DATABASES.has(database)) continue;
      for (const source of sources
        .replaceAll(/\[[^\]]*\]/g, ' ')
        .split(/\s+/)
        .filter(Boolean)) {
        const library = `libnss_${source}.so.2`;
        if (BUILT_IN.has(source) || allow.includes(source) || libraries.has(library)) continue;
        const provider = providerOf(library);
        findings.push({
          message: `/etc/nsswitch.conf line ${line}: ${database} asks ${source}, and ${library} is not in the image`,
          file: '/etc/nsswitch.conf',
          seen: 'absent',
          wanted: library,
          mend: provider && `package ${provider} has it`,
          fix: includeFix(library, provider, lock),
        });
      }
    }
    return answer(findings);
  },
});
