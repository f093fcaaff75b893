import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An HTTP proxy on 127.0.0.1 to this machine's own package archives. */
export interface ArchiveProxy {
  /** What sends a program that may reach nothing but this machine through it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

const PROCESS = fileURLToPath(new URL('./archive-proxy-process.ts', import.meta.url));

/** Lets deployed functions and bakes reach the archives that this machine's apt configuration names, and nothing else. */
export async function openArchiveProxy(): Promise<ArchiveProxy> {
  const child = fork(PROCESS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const [port] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])]);
  if (port === undefined) throw new Error('internal: the proxy to the archives does not start');
  const address = `http://127.0.0.1:${port}`;
  return { environment: { http_proxy: address, https_proxy: address }, close: () => void child.kill() };
}
