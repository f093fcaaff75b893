import type { PolicySource } from '../../model/policy.ts';

/**
 * Set-id programs of Debian packages that a closure may hold for what else is in the package. Each checks its caller itself; with no
 * login and no shell in an image nobody is there to call them. Stricter packs allow none.
 */
const DEBIAN_SET_ID = [
  '/usr/bin/chage',
  '/usr/bin/chfn',
  '/usr/bin/chsh',
  '/usr/bin/expiry',
  '/usr/bin/gpasswd',
  '/usr/bin/mount',
  '/usr/bin/newgrp',
  '/usr/bin/passwd',
  '/usr/bin/ssh-agent',
  '/usr/bin/su',
  '/usr/bin/umount',
  '/usr/lib/dbus-1.0/dbus-daemon-launch-helper',
  '/usr/lib/mysql/plugin/auth_pam_tool_dir/auth_pam_tool',
  '/usr/lib/openssh/ssh-keysign',
  '/usr/sbin/postdrop',
  '/usr/sbin/postqueue',
  '/usr/sbin/unix_chkpwd',
];

/** What every organisation asks of every image. */
export const baseline: PolicySource = {
  name: 'baseline',
  description: 'the image is what was locked, and holds no secrets, identities or open doors',
  rules: [
    { rule: 'lock-match', severity: 'critical' },
    { rule: 'package-set', severity: 'high' },
    { rule: 'conffiles-unchanged', severity: 'medium', mode: 'warn' },
    { rule: 'unexplained-programs', severity: 'high' },
    { rule: 'build-state', severity: 'low', mode: 'warn' },
    { rule: 'setuid-files', severity: 'high', parameters: { allow: DEBIAN_SET_ID } },
    {
      rule: 'file-capabilities',
      severity: 'high',
      parameters: { allow: ['/usr/bin/ping'], capabilities: ['cap_net_bind_service'] },
    },
    { rule: 'world-writable', severity: 'high' },
    { rule: 'empty-passwords', severity: 'critical' },
    { rule: 'private-keys', severity: 'critical' },
    { rule: 'identity-absent', severity: 'high' },
    { rule: 'no-known-vulnerability', severity: 'high', parameters: { limit: 'high', onlyFixed: true } },
  ],
};
