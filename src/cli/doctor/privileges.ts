import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostCheck } from './check.ts';

/** Mounts, owners of files and device nodes need root. */
export const root: HostCheck = () => {
  const uid = process.getuid?.();
  const name = 'root';
  if (uid === 0) return { name, state: 'ok', found: 'this is root' };
  const mend = 'run it as root: sudo ./kiln …; without root, resolve --closure and the catalog still work';
  return { name, state: 'missing', found: `this is user ${uid}`, mend };
};

/** The namespaces of an isolated root, tried. */
export const namespaces: HostCheck = async () => {
  const name = 'namespaces';
  const argv = ['--mount', '--pid', '--ipc', '--uts', '--net', '--cgroup', '--fork', '--kill-child', 'true'];
  try {
    await promisify(execFile)('unshare', argv, { timeout: 10_000 });
    return { name, state: 'ok', found: 'mount, pid, ipc, uts, net and cgroup' };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const mend = 'in a container, start it with --privileged; on a machine, run as root';
    return { name, state: 'missing', found: (stderr?.trim() || message).split('\n')[0]!, mend };
  }
};
