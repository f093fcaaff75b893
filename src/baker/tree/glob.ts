/**
 * A test for absolute paths by a glob pattern: `*` and `?` stay within a name, `**` spans any number of them, and what
 * matches a directory matches all below it.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const source = pattern
    .replace(/(?<=.)\/+$/, '')
    .replace(/\*\*\/|\*\*|\*|\?|[\\^$.|+()[\]{}]/g, (token) => TOKENS[token] ?? `\\${token}`);
  const expression = new RegExp(`^${source}(?:/|$)`);
  return (path) => expression.test(path);
}

const TOKENS: Readonly<Record<string, string>> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** Whether any of the patterns matches. */
export function anyGlob(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map(globMatcher);
  return (path) => matchers.some((matches) => matches(path));
}
