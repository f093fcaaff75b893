/** URI of a path below an archive's base; `+` is encoded, too, which some mirrors take for a space. */
export function uriBelow(base: string, path: string): string {
  return base + path.split('/').map(encodeURIComponent).join('/');
}

/** In which order the archives are asked for a package. */
export interface BaseOrder {
  of(deb: { filename: string }): string[];
  worked(deb: { filename: string }, base: string): void;
}

/** Which archive to ask first: the one that had a package of the same pool, so that few are asked in vain. */
export function basesInOrder(given: readonly string[]): BaseOrder {
  const bases = [...new Set(given)];
  const had = new Map<string, string>();
  const pool = (deb: { filename: string }) => deb.filename.split('/').slice(0, 2).join('/');
  return {
    of(deb) {
      const first = had.get(pool(deb));
      return first === undefined ? bases : [first, ...bases.filter((base) => base !== first)];
    },
    worked: (deb, base) => had.set(pool(deb), base),
  };
}
