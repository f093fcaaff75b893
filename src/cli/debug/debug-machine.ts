import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseAccelerator } from '../../adapters/local/qemu/accelerator.ts';
import { findFirmware, instanceFile, qemuArguments } from '../../adapters/local/qemu/machine.ts';
import { DIRECTORY, REGULAR, writeCpio } from '../../formats/archive/cpio.ts';
import { KilnError } from '../../model/error.ts';
import { type BootParts, readBootParts } from './boot-parts.ts';

const BANNER = 'kiln: this is the image';
const script = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url));

/** The image's initrd with the tools of a debug boot behind it; the kernel unpacks one archive after the other. */
export function debugInitrd(initrd: Buffer): Buffer {
  const tools = writeCpio([
    { path: 'debug', mode: DIRECTORY | 0o755 },
    { path: 'debug/init', mode: REGULAR | 0o755, content: script('init.sh') },
    { path: 'debug/shell', mode: REGULAR | 0o755, content: script('shell.sh') },
    { path: 'debug-init', mode: REGULAR | 0o755, content: script('initramfs-init.sh') },
  ]);
  return Buffer.concat([initrd, Buffer.alloc((4 - (initrd.length % 4)) % 4), tools]);
}

/** The image's command line, with the debug boot's two inits before the image's own. */
export function debugCommandLine(commandLine: string): string {
  const words = commandLine.split(/\s+/).map((it) => it.replace(/^init=/, 'kiln.init='));
  return [...words, 'init=/dev/kiln-debug/init', 'rdinit=/debug-init'].join(' ');
}

/**
 * Boots a disk with a shell on this terminal, or fed with `input`; gives QEMU's exit status. The disk itself is not written to.
 * The machine ends with this process, and its folder goes.
 */
export function runDebugMachine(disk: string, parent: string, input?: string): Promise<number> {
  return withMachine(disk, parent, (usual, folder) => {
    const { linux, initrd, commandLine } = readBootParts(disk);
    const boot = bootArguments(
      { linux, initrd: debugInitrd(initrd), commandLine: debugCommandLine(commandLine) },
      folder,
    );
    return converse(
      [...usual, ...boot, '-chardev', 'stdio,id=debug,signal=off', '-serial', 'chardev:debug'],
      folder,
      input,
    );
  });
}

/** Boots a disk as it is, with more words for its kernel, for so long; gives what its console said. */
export function runTracedMachine(disk: string, parent: string, words: readonly string[], ms: number): Promise<string> {
  return withMachine(disk, parent, async (usual, folder) => {
    const { linux, initrd, commandLine } = readBootParts(disk);
    const boot = bootArguments({ linux, initrd, commandLine: [commandLine, ...words].join(' ') }, folder);
    await converse([...usual, ...boot], folder, '', ms);
    return readFileSync(join(folder, instanceFile.console), 'utf8');
  });
}

/** Runs something with the usual arguments of a machine for a disk, in a folder that goes afterwards. */
async function withMachine<T>(
  disk: string,
  parent: string,
  work: (usual: string[], folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(parent, `debug-${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const accelerator = await chooseAccelerator(disk, parent);
    copyFileSync(findFirmware().variables, join(folder, instanceFile.variables));
    const machine = { disk, accelerator, memoryMiB: 1024, diskBus: 'virtio', ports: [] } as const;
    // A kernel that is handed over goes before every disk.
    const usual = qemuArguments(machine).map((it) => it.replace(',bootindex=0', ''));
    return await work(usual, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bootArguments({ linux, initrd, commandLine }: BootParts, folder: string): string[] {
  writeFileSync(join(folder, 'linux'), linux);
  writeFileSync(join(folder, 'initrd'), initrd);
  return ['-kernel', 'linux', '-initrd', 'initrd', '-append', commandLine];
}

async function converse(
  argv: readonly string[],
  folder: string,
  input: string | undefined,
  limitMs?: number,
): Promise<number> {
  const log = openSync(join(folder, 'qemu.log'), 'w');
  const own = input === undefined ? ('inherit' as const) : ('pipe' as const);
  const command = ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...argv];
  const child = spawn('setpriv', command, { cwd: folder, stdio: [own, own, log] });
  closeSync(log);
  if (input !== undefined) feed(child, input);
  const limit = limitMs === undefined ? undefined : setTimeout(() => child.kill('SIGTERM'), limitMs);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new KilnError('HOST_NOT_READY', cause.message, { cause })));
    child.once('close', (status) => {
      clearTimeout(limit);
      if (status === 0) resolve(0);
      else
        reject(new KilnError('HOST_NOT_READY', readFileSync(join(folder, 'qemu.log'), 'utf8').trim() || 'QEMU failed'));
    });
  });
}

/** What is typed before the shell listens would be lost, so the banner is waited for. */
function feed(child: ChildProcess, input: string): void {
  let seen = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    if (seen.includes(BANNER)) return;
    seen += chunk.toString('latin1');
    if (seen.includes(BANNER)) child.stdin?.write(`${input.trimEnd()}\nexit\n`);
  });
}
