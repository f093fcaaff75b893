import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PATCHES = fileURLToPath(new URL('./python', import.meta.url));

export interface MotoServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the emulator's server on a free port of 127.0.0.1; its own calls (Step Functions') go to `doorPort`. */
export async function startMoto(command: string, doorPort: number): Promise<MotoServer> {
  const port = await freePort();
  // The kernel ends the server with this process, however this process ends.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, '-H', '127.0.0.1', '-p', String(port)], {
    env: {
      ...process.env,
      PYTHONPATH: PATCHES,
      MOTO_PORT: String(doorPort),
      MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
      MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  child.stderr?.on('data', (chunk) => keepLast(lines, String(chunk)));
  await answering(port, child, lines);
  return { port, stop: () => stop(child) };
}

function keepLast(lines: string[], text: string): void {
  lines.push(text);
  if (lines.length > 50) lines.shift();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('internal: no port');
  return address.port;
}

async function answering(port: number, child: ChildProcess, lines: string[]): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://127.0.0.1:${port}/moto-api/`).catch(() => undefined);
    if (answer) return;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the emulator does not answer on port ${port}: ${lines.join('')}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
