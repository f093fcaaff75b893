export interface TmpfilesEntry {
  /** First letter of the type: what is made or changed. */
  readonly type: string;
  readonly path: string;
  /** Octal permission bits; absent for `-`. */
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
  readonly argument?: string;
  readonly line: number;
}

/** Entries of a `tmpfiles.d` file (tmpfiles.d(5)); specifiers are left as they are. */
export function parseTmpfiles(text: string): TmpfilesEntry[] {
  return text.split('\n').flatMap((raw, index) => {
    const words =
      raw
        .trim()
        .match(/"[^"]*"|\S+/g)
        ?.map((word) => word.replace(/^"(.*)"$/, '$1')) ?? [];
    const [type = '', path, mode, user, group, , ...argument] = words;
    if (!/^[a-zA-Z]/.test(type) || !path?.startsWith('/')) return [];
    return [
      {
        type: type[0]!,
        path,
        ...(/^[~:]?[0-7]{3,5}$/.test(mode ?? '') ? { mode: Number.parseInt(mode!.replace(/^[~:]/, ''), 8) } : {}),
        ...named({ user, group }),
        ...(argument.length > 0 ? { argument: argument.join(' ') } : {}),
        line: index + 1,
      },
    ];
  });
}

function named(names: { user: string | undefined; group: string | undefined }): { user?: string; group?: string } {
  const given = Object.entries(names).filter(([, name]) => name !== undefined && name !== '-');
  return Object.fromEntries(given.map(([key, name]) => [key, name!.replace(/^:/, '')]));
}
