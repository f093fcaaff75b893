import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Unpacks an archive's bytes into a folder; modes are lost, as they are wherever AWS unpacks one. */
export function unzip(bytes: Uint8Array, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}.zip`, bytes);
  try {
    execFileSync('python3', ['-m', 'zipfile', '-e', `${folder}.zip`, folder]);
  } finally {
    rmSync(`${folder}.zip`);
  }
}
