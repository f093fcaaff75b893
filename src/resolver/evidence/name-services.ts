import { defaultLibraryDirectories } from '../../formats/elf/loader-configuration.ts';
import { parseNameServiceSwitch } from '../../formats/system/name-service.ts';
import type { Rule } from './rule.ts';

const ASKS = /^(get(pw|gr|sp|serv|proto|host|net|addrinfo|nameinfo)|initgroups|innetgr)/;
/** Services that the C library has built in since 2.34. */
const BUILT_IN = new Set(['files', 'dns']);

/** Libraries of the name services in `nsswitch.conf`, for what asks for users, groups or hosts (nss(5)). */
export const nameServices: Rule = {
  id: 'name-services',
  explanation: 'nsswitch.conf names this service, and a program here asks for names',
  roles: ['run', 'load'],
  *inspect({ path }, view) {
    const facts = view.elf(path);
    const text = view.text('/etc/nsswitch.conf');
    if (!facts || text === undefined || !facts.imports.some(({ name }) => ASKS.test(name))) return;
    for (const { services, line } of parseNameServiceSwitch(text)) {
      for (const service of services.filter((it) => !BUILT_IN.has(it))) {
        const needs = `libnss_${service}.so.2`;
        const paths = defaultLibraryDirectories(facts.machine, facts.bits).map((folder) => `${folder}/${needs}`);
        // The C library passes over a service whose library is not there.
        yield {
          rule: this.id,
          by: '/etc/nsswitch.conf',
          line,
          needs,
          paths,
          role: 'load',
          required: false,
          bring: true,
        };
      }
    }
  },
};
