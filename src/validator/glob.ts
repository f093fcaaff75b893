const compiled = new Map<string, RegExp>();

/** Whether a path fits a pattern: `*` is any text without "/", `**` any text, `?` one character, all else is itself. */
export function fitsGlob(path: string, pattern: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    expression = compileGlob(pattern);
    compiled.set(pattern, expression);
  }
  return expression.test(path);
}

/** Whether a path fits any of the patterns. */
export function fitsAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => fitsGlob(path, pattern));
}

/** Whether a name fits a pattern in which `*` is any text. */
export function fitsName(name: string, pattern: string): boolean {
  return fitsGlob(name, pattern.replaceAll(/\*+/g, '**'));
}

function compileGlob(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${source}$`, 's');
}
