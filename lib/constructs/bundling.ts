import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import type { AssetOptions } from 'aws-cdk-lib/aws-s3-assets';
import { repositoryPath } from './repository.ts';

/** How every bundle is made: for the Node that the functions run on, without anything native. */
const TARGET = 'node24';

/** What some CommonJS dependencies expect of their module. */
const BANNER = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

/**
 * Modules that stand in for others in bundles: for those of liblzma and Cedar, which read their WebAssembly from beside themselves.
 * Arguments of esbuild.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  '--alias:node-liblzma/wasm': repositoryPath('src/adapters/aws/liblzma.ts'),
  '--alias:@cedar-policy/cedar-wasm/nodejs': repositoryPath('src/adapters/aws/cedar.ts'),
};

/** How an asset is made whose folder `fill` fills. */
export function bundledBy(fill: (outputFolder: string) => void): AssetOptions {
  const bundling: BundlingOptions = {
    // Never used: the local way below always succeeds or says why not.
    image: DockerImage.fromRegistry('scratch'),
    local: {
      tryBundle(outputFolder) {
        fill(outputFolder);
        return true;
      },
    },
  };
  return { assetHashType: AssetHashType.OUTPUT, bundling };
}

/** Puts the bundle of a folder under `lambdas/` at a path. */
export function copyBundle(verb: string, path: string): void {
  bundles ??= bundleAll();
  copyFileSync(join(bundles, verb, 'index.mjs'), path);
}

/** Folder of the bundles; they share most of what they are made of, so one run of esbuild makes them all. */
let bundles: string | undefined;

function bundleAll(): string {
  const outputFolder = mkdtempSync(join(tmpdir(), 'kiln-bundles-'));
  const entries = readdirSync(repositoryPath('lambdas'))
    .map((verb) => repositoryPath('lambdas', verb, 'index.ts'))
    .filter((path) => existsSync(path));
  const format = ['--bundle', '--platform=node', `--target=${TARGET}`, '--format=esm', '--minify', '--keep-names'];
  const standIns = [...Object.entries(STAND_INS).map(([name, path]) => `${name}=${path}`), '--loader:.wasm=binary'];
  const modules = ['--main-fields=module,main', `--banner:js=${BANNER}`, '--out-extension:.js=.mjs'];
  const out = [`--outbase=${repositoryPath('lambdas')}`, `--outdir=${outputFolder}`, '--log-level=error'];
  const esbuild = repositoryPath('node_modules/.bin/esbuild');
  execFileSync(esbuild, [...entries, ...format, ...standIns, ...modules, ...out], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.once('exit', () => rmSync(outputFolder, { recursive: true, force: true }));
  return outputFolder;
}
