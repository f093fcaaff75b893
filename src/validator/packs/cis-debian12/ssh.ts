import { type CelRuleSource, limitedAccess, sshSetting } from '../cel-rules.ts';

const option = (key: string) => `ssh.options[?"${key}"].orValue("")`;
const isNo = (key: string) => `${option(key)} == "no"`;
const isYes = (key: string) => `${option(key)} == "yes"`;
const number = (key: string) => `(${option(key)}.matches("^[0-9]+$") ? int(${option(key)}) : -1)`;
/** None of the words is in a list of algorithms that the configuration sets; what is not set is OpenSSH's own choice. */
const without = (key: string, weak: string) => `!(${option(key)}.lowerAscii().matches("(^|,)[+^]?(${weak})(,|$)"))`;

/** CIS section 5.1: the SSH server, where there is one. */
export const ssh: readonly CelRuleSource[] = [
  limitedAccess('cis-5.1.1', '/etc/ssh/sshd_config', '0600'),
  sshSetting(
    'cis-5.1.4',
    'SSH is for named users or groups only',
    '["allowusers", "allowgroups", "denyusers", "denygroups"].exists(k, k in ssh.options)',
    'allowgroups',
    'a list of groups',
  ),
  sshSetting('cis-5.1.5', 'SSH shows a banner', `!(${option('banner')} in ["", "none"])`, 'banner', '/etc/issue.net', {
    severity: 'low',
  }),
  sshSetting(
    'cis-5.1.6',
    'SSH uses no weak ciphers',
    without('ciphers', '3des-cbc|aes(128|192|256)-cbc|rijndael-cbc@lysator.liu.se|chacha20-poly1305@openssh.com'),
    'ciphers',
    'AES in CTR or GCM mode',
  ),
  sshSetting(
    'cis-5.1.7',
    'SSH ends connections that went silent',
    `${number('clientaliveinterval')} > 0 && ${number('clientalivecountmax')} > 0`,
    'clientaliveinterval',
    '15',
  ),
  sshSetting('cis-5.1.8', 'SSH forwards nothing', isYes('disableforwarding'), 'disableforwarding', 'yes'),
  sshSetting(
    'cis-5.1.9',
    'SSH does not authenticate by GSSAPI',
    isNo('gssapiauthentication'),
    'gssapiauthentication',
    'no',
  ),
  sshSetting(
    'cis-5.1.10',
    'SSH does not authenticate by host',
    isNo('hostbasedauthentication'),
    'hostbasedauthentication',
    'no',
  ),
  sshSetting('cis-5.1.11', 'SSH ignores .rhosts files', isYes('ignorerhosts'), 'ignorerhosts', 'yes'),
  sshSetting(
    'cis-5.1.12',
    'SSH uses no weak key exchange',
    without(
      'kexalgorithms',
      'diffie-hellman-group1-sha1|diffie-hellman-group14-sha1|diffie-hellman-group-exchange-sha1',
    ),
    'kexalgorithms',
    'no SHA-1',
  ),
  sshSetting(
    'cis-5.1.13',
    'SSH gives a minute to log in',
    `${number('logingracetime')} >= 1 && ${number('logingracetime')} <= 60`,
    'logingracetime',
    '60',
  ),
  sshSetting(
    'cis-5.1.14',
    'SSH logs what happens',
    `${option('loglevel')} in ["INFO", "VERBOSE"]`,
    'loglevel',
    'VERBOSE',
  ),
  sshSetting(
    'cis-5.1.15',
    'SSH uses no weak authentication codes',
    without(
      'macs',
      'hmac-md5(-96)?(-etm@openssh.com)?|hmac-ripemd160(-etm@openssh.com)?|hmac-sha1(-96)?(-etm@openssh.com)?|umac-(64|128)(-etm)?@openssh.com',
    ),
    'macs',
    'SHA-2',
  ),
  sshSetting(
    'cis-5.1.16',
    'SSH allows four attempts',
    `${number('maxauthtries')} >= 0 && ${number('maxauthtries')} <= 4`,
    'maxauthtries',
    '4',
  ),
  sshSetting(
    'cis-5.1.17',
    'SSH allows ten sessions',
    `${number('maxsessions')} >= 0 && ${number('maxsessions')} <= 10`,
    'maxsessions',
    '10',
  ),
  sshSetting(
    'cis-5.1.18',
    'SSH limits connections that have not authenticated',
    `${option('maxstartups')}.matches("^([0-9]|10)(:([0-9]|[12][0-9]|30)(:([0-9]|[1-5][0-9]|60))?)?$")`,
    'maxstartups',
    '10:30:60',
  ),
  sshSetting(
    'cis-5.1.19',
    'SSH lets nobody in with an empty password',
    isNo('permitemptypasswords'),
    'permitemptypasswords',
    'no',
  ),
  sshSetting('cis-5.1.20', 'SSH does not let root in', isNo('permitrootlogin'), 'permitrootlogin', 'no', {
    severity: 'high',
  }),
  sshSetting(
    'cis-5.1.21',
    'SSH takes no environment from users',
    isNo('permituserenvironment'),
    'permituserenvironment',
    'no',
  ),
  sshSetting('cis-5.1.22', 'SSH uses PAM', isYes('usepam'), 'usepam', 'yes'),
];
