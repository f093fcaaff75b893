import type { PolicySource } from '../../../model/policy.ts';
import { citing } from '../cel-rules.ts';
import { access } from './access.ts';
import { services } from './services.ts';
import { system } from './system.ts';

/** What of the CIS Debian Linux 12 Benchmark 1.1.0 an image can be asked before it runs; what it is not asked is said with the reason. */
export const cisDebian12: PolicySource = {
  name: 'cis-debian12',
  description: 'the CIS Debian Linux 12 Benchmark 1.1.0, Level 1 and 2 of servers, as far as an image can be asked',
  rules: [
    ...citing('CIS Debian 12', 'medium', [...system, ...services, ...access]),
    { rule: 'world-writable', severity: 'high' },
    { rule: 'users-and-groups', severity: 'medium' },
    { rule: 'setuid-files', severity: 'medium', mode: 'warn' },
    { rule: 'empty-passwords', severity: 'critical' },
  ],
};
