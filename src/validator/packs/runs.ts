import type { PolicySource } from '../../model/policy.ts';

/** Static proof that the image runs its application. */
export const runs: PolicySource = {
  name: 'runs',
  description: 'the image has all that its application needs to run',
  rules: [
    { rule: 'service-starts', severity: 'critical' },
    { rule: 'dependencies-met', severity: 'high' },
    { rule: 'elf-libraries', severity: 'critical' },
    { rule: 'elf-symbol-versions', severity: 'critical' },
    { rule: 'script-interpreters', severity: 'high' },
    { rule: 'unit-commands', severity: 'critical' },
    { rule: 'unit-dependencies', severity: 'high' },
    { rule: 'needs-met', severity: 'high' },
    { rule: 'users-and-groups', severity: 'high' },
    { rule: 'writable-folders', severity: 'high' },
    { rule: 'configuration-present', severity: 'high' },
    { rule: 'configured-folders', severity: 'high' },
    { rule: 'low-ports', severity: 'high' },
    { rule: 'ports-free', severity: 'high' },
    { rule: 'pam-modules', severity: 'high' },
    { rule: 'nss-modules', severity: 'low', mode: 'warn' },
  ],
};
