/** Folders in which a command without a slash is looked up, in order. */
export const COMMAND_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'] as const;

/** The folder of an absolute path. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `path` as seen from the folder `base`: absolute, without `.` and `..`; nothing leads above `/`. */
export function joinPath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Places where a command may lie: itself if it has a slash, else each folder of the command path. */
export function commandPaths(command: string, workingDirectory = '/'): string[] {
  if (command.includes('/')) return [joinPath(workingDirectory, command)];
  return COMMAND_PATH.map((folder) => `${folder}/${command}`);
}

/** A shell pattern (`*`, `?`, `[…]`) as a regular expression for one name. */
export function globExpression(pattern: string): RegExp {
  const body = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replace(/\[!/g, '[^');
  return new RegExp(`^${body}$`);
}
