import type { UnitEntry } from './unit.ts';

/** Folder of the scripts that started services before there were units (Debian Policy §9.3). */
export const INIT_SCRIPTS = '/etc/init.d';

/** The script that stands for a service unit which no package ships; undefined for other units and instances. */
export function initScriptPath(unit: string): string | undefined {
  const name = /^([\w.+-]+)\.service$/.exec(unit)?.[1];
  return name === undefined ? undefined : `${INIT_SCRIPTS}/${name}`;
}

/**
 * An init script as the unit that systemd makes of one (systemd-sysv-generator(8)): it forks, and whoever ends it asks the
 * script. The PID file counts where the script states it in its header.
 */
export function initScriptUnit(text: string, path: string): UnitEntry[] {
  const lines = text.split('\n');
  const pidFile = headerOf(lines, /^#\s*pidfile:\s*(\/\S+)/);
  const settings: [section: string, key: string, value: string, line?: number][] = [
    ['Unit', 'Description', headerOf(lines, /^#\s*Short-Description:\s*(.+)/)?.value ?? path],
    ['Service', 'Type', 'forking'],
    ['Service', 'KillMode', 'process'],
    ['Service', 'SuccessExitStatus', '5 6'],
    ['Service', 'RemainAfterExit', pidFile ? 'no' : 'yes'],
    ...(pidFile ? [['Service', 'PIDFile', pidFile.value, pidFile.line] as [string, string, string, number]] : []),
    ['Service', 'ExecStart', `${path} start`],
    ['Service', 'ExecStop', `${path} stop`],
  ];
  return settings.map(([section, key, value, line = 1]) => ({ section, key, value, line, file: path }));
}

function headerOf(lines: readonly string[], pattern: RegExp): { value: string; line: number } | undefined {
  const at = lines.findIndex((line) => pattern.test(line));
  return at < 0 ? undefined : { value: pattern.exec(lines[at]!)![1]!.trim(), line: at + 1 };
}
