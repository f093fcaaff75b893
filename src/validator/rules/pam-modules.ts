import { z } from 'zod';
import { includeFix } from '../fixes.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';

const FOLDERS = ['/usr/lib/x86_64-linux-gnu/security', '/usr/lib/aarch64-linux-gnu/security', '/usr/lib/security'];
/** Services that others fall back on or include. */
const SHARED = /^(common-|other$)/;

/** Each module and include that a PAM service in use names is in the image; a line that begins with "-" is excused (pam.conf(5)). */
export const pamModules = defineRule({
  id: 'pam-modules',
  title: 'each PAM module that the configuration of a service in use names is in the image',
  remedy: 'include libpam-modules, or the package that has the module',
  parameters: z.strictObject({}),
  check(context) {
    const { inventory, reachability } = context;
    const used = new Set(
      inventory.pam
        .map(({ service }) => service)
        .filter((service) => !reachability || reachability.reachable.has(`/etc/pam.d/${service}`)),
    );
    if (used.size === 0) return notApplicable('no PAM service is in use');
    const relevant = inventory.pam.filter(
      ({ service }) => used.has(service) || (!reachability && SHARED.test(service)),
    );
    return answer(relevant.flatMap((line) => lineFinding(context, line)));
  },
});

function lineFinding(
  { tree, providerOf }: RuleContext,
  { service, type, control, module, line }: RuleContext['inventory']['pam'][number],
): Observation[] {
  if (type.startsWith('-')) return [];
  const isInclude = control === '@include' || control === 'include' || control === 'substack';
  const places = isInclude
    ? [`/etc/pam.d/${module}`]
    : module.startsWith('/')
      ? [module]
      : FOLDERS.map((folder) => `${folder}/${module}`);
  if (places.some((place) => tree.resolve(place)?.type === 'file')) return [];
  const provider = places.map(providerOf).find(Boolean);
  return [
    {
      message: `/etc/pam.d/${service} line ${line} names ${module}, which is not in the image`,
      file: `/etc/pam.d/${service}`,
      seen: 'absent',
      wanted: places[0]!,
      mend: provider && `package ${provider} has it`,
      fix: includeFix(places[0]!, provider),
    },
  ];
}
