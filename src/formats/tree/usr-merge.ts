/** The merged `/usr` layout: `/bin` and its kind are links into `/usr`, whatever path a package ships. */

/** Top-level names that are links to their namesakes below `/usr`. */
export const MERGED_NAMES = ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin'] as const;

const MERGED = new RegExp(`^/(?:${MERGED_NAMES.join('|')})(?=/|$)`);

/** The path without a `/bin`-style alias: `/lib/x` gives `/usr/lib/x`; takes and gives absolute normalised paths. */
export function mergedPath(path: string): string {
  return MERGED.test(path) ? `/usr${path}` : path;
}

/** Whether a symbolic link is one of the layout's own, such as `/bin` → `usr/bin`. */
export function isMergeLink(path: string, target: string): boolean {
  return MERGED.test(path) && path.lastIndexOf('/') === 0 && (target === `usr${path}` || target === `/usr${path}`);
}
