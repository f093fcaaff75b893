import { readFileSync } from 'node:fs';

/** What names a process beyond its own life: `PID-START`, START being clock ticks since the machine booted (proc(5)). */
export function processIdentity(pid: number = process.pid): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name, in parentheses, may hold anything; START is the 20th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Whether the process of an identity still runs; a later process with its number does not count. */
export function isRunning(identity: string): boolean {
  return processIdentity(Number.parseInt(identity, 10)) === identity;
}
