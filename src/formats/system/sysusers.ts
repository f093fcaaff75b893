export interface SysusersEntry {
  readonly kind: 'user' | 'group' | 'member';
  readonly name: string;
  /** Group of a member line. */
  readonly group?: string;
  readonly line: number;
}

const KINDS: Readonly<Record<string, SysusersEntry['kind']>> = { u: 'user', 'u!': 'user', g: 'group', m: 'member' };

/** Users and groups of a `sysusers.d` file (sysusers.d(5)); ranges and comments are left out. */
export function parseSysusers(text: string): SysusersEntry[] {
  return text.split('\n').flatMap((raw, index) => {
    const [letter = '', name, third] = raw.trim().split(/\s+/);
    const kind = Object.hasOwn(KINDS, letter) ? KINDS[letter] : undefined;
    if (!kind || !name) return [];
    return [{ kind, name, line: index + 1, ...(kind === 'member' && third ? { group: third } : {}) }];
  });
}
