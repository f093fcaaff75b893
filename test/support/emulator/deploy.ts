import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryPath } from '../../../lib/constructs/repository.ts';
import type { Emulator } from './emulator.ts';

/** Folder of the assembly that was deployed. */
export interface Deployment {
  readonly assembly: string;
  /** Seconds that synthesis, bootstrap and deployment took. */
  readonly seconds: Readonly<Record<'synth' | 'bootstrap' | 'deploy', number>>;
}

/** `cdk synth`, `cdk bootstrap`, `cdk deploy --all`, as a person runs them, with nothing but the endpoint changed; the assembly goes to a folder. */
export async function deployAll(emulator: Emulator, assembly: string, configuration?: string): Promise<Deployment> {
  const timed = async (args: string[]) => {
    const start = performance.now();
    await cdk(emulator, args);
    return (performance.now() - start) / 1000;
  };
  const context = configuration === undefined ? [] : ['--context', `configuration=${configuration}`];
  const synth = await timed(['synth', '--quiet', '--output', assembly, ...context]);
  const bootstrap = await timed(['bootstrap', '--app', assembly]);
  const direct = ['--method', 'direct', '--require-approval', 'never', '--concurrency', '1', '--progress', 'events'];
  const deploy = await timed(['deploy', '--all', '--app', assembly, ...direct]);
  return { assembly, seconds: { synth, bootstrap, deploy } };
}

/** `cdk destroy`, as a person runs it. Throws what it said where a stack could not be destroyed. */
export async function destroyAll(emulator: Emulator, assembly: string, stacks = 'kiln-*'): Promise<void> {
  await cdk(emulator, ['destroy', stacks, '--app', assembly, '--force']);
}

async function cdk({ environment, endpoint }: Emulator, args: readonly string[]): Promise<void> {
  // The emulator's CloudFormation reads templates from URLs of this host alone.
  const AWS_ENDPOINT_URL = endpoint.replace('127.0.0.1', 'localhost');
  const bin = repositoryPath('node_modules/.bin');
  const child = spawn(join(bin, 'cdk'), [...args, '--no-notices', '--ci'], {
    cwd: repositoryPath(),
    env: { ...process.env, ...environment, AWS_ENDPOINT_URL, PATH: `${bin}:${process.env.PATH}`, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (it) => lines.push(String(it)));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`cdk ${args[0]} failed:\n${lines.join('').slice(-4000)}`);
}
