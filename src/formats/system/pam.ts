/** PAM service files (pam.conf(5)) and Debian's profiles for them (pam-auth-update(8)). */
export interface PamEntry {
  readonly kind: 'module' | 'include';
  /** File of the module, or name of the included service. */
  readonly name: string;
  readonly arguments: readonly string[];
  /** `-type`: nothing is logged where the module is missing. */
  readonly mayMiss: boolean;
  readonly line: number;
}

const STEP = /^(-?)(?:auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)$/;

/** Modules and includes of a service's file, in order; lines with placeholders of a template are left out. */
export function parsePamService(text: string): PamEntry[] {
  return text.split('\n').flatMap((raw, index): PamEntry[] => {
    const line = index + 1;
    const content = raw.replace(/#.*/, '').trim();
    const included = /^@include\s+(\S+)/.exec(content)?.[1];
    if (included) return [{ kind: 'include', name: included, arguments: [], mayMiss: false, line }];
    const step = STEP.exec(content);
    if (!step) return [];
    const [, dash, control, name, rest] = step as unknown as [string, string, string, string, string];
    const kind = /^(include|substack)$/.test(control) ? 'include' : 'module';
    return [{ kind, name, arguments: rest.split(/\s+/).filter(Boolean), mayMiss: dash === '-', line }];
  });
}

/** Modules that a profile of `/usr/share/pam-configs` adds to the common files; undefined where it is off by default. */
export function parsePamProfile(text: string): PamEntry[] | undefined {
  if (!/^Default:\s*yes\s*$/m.test(text)) return undefined;
  return text.split('\n').flatMap((raw, index): PamEntry[] => {
    const step = /^\s+(\[[^\]]*\]|\S+)\s+(\S+\.so)\s*(.*)$/.exec(raw);
    if (!step) return [];
    return [
      {
        kind: 'module',
        name: step[2]!,
        arguments: step[3]!.split(/\s+/).filter(Boolean),
        mayMiss: false,
        line: index + 1,
      },
    ];
  });
}
