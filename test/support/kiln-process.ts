import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const KILN = fileURLToPath(new URL('../../kiln', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `./kiln` as a user would, with everything that it keeps below `home`, but for a `cache` elsewhere; this process can serve an archive meanwhile. */
export function runKiln(home: string, args: readonly string[], cache?: string): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, KILN_HOME: home, NO_COLOR: '1', KILN_DEBUG: '' };
  if (cache === undefined) delete env.KILN_CACHE;
  else env.KILN_CACHE = cache;
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn(KILN, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
  });
  child.on('error', reject);
  child.on('close', (status) => resolve({ status, ...said }));
  return promise;
}
