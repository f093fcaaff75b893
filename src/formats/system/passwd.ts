export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  readonly line: number;
}

/** Users of a passwd file (passwd(5)); lines that are none are left out. */
export function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((raw, index) => {
    const [name, , uid, gid, , home, shell] = raw.split(':');
    if (!name || shell === undefined || !/^\d+$/.test(uid ?? '')) return [];
    return [
      { name, uid: Number(uid), gid: Number(gid), home: home ?? '/', shell: shell || '/bin/sh', line: index + 1 },
    ];
  });
}
