import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { copyBundle } from '../lib/constructs/bundling.ts';
import { type Ratio, ratio } from './statistics.ts';

export interface LambdaFigures {
  readonly name: string;
  /** Of the archive. */
  readonly zippedBytes: number;
  /** Seconds from the start of a process to a handler that can be called, beside a process that loads nothing. */
  readonly coldStart: Ratio;
}

const LAMBDAS = join(import.meta.dirname, '../lambdas');

/** Settings that every function may ask for as it loads; nothing is reached with them. */
const ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_EC2_METADATA_DISABLED: 'true',
  POWERTOOLS_TRACE_ENABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'bench',
};

/** Size and cold start of every function's bundle, as it is deployed. */
export function benchLambdas(runs: number, log: (line: string) => void): LambdaFigures[] {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-bench-lambdas-'));
  try {
    const nothing = join(folder, 'nothing.mjs');
    writeFileSync(nothing, 'export const handler = () => undefined;\n');
    return functionNames().map((name) => {
      const bundle = join(folder, name, 'index.mjs');
      mkdirSync(join(folder, name));
      copyBundle(name, bundle);
      // In turn: a machine that slows down slows both.
      const times = Array.from({ length: runs }, () => [startOf(bundle), startOf(nothing)] as const);
      const coldStart = ratio(
        times.map(([ours]) => ours),
        times.map(([, bare]) => bare),
      );
      const figures = { name, zippedBytes: deflateRawSync(readFileSync(bundle)).length, coldStart };
      log(`${name}: ${(figures.zippedBytes / 2 ** 20).toFixed(2)} MiB, ${coldStart.value.toFixed(2)} s`);
      return figures;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those that Lambda runs; the baker is a program of CodeBuild's. */
function functionNames(): string[] {
  const all = readdirSync(LAMBDAS).filter((it) => existsSync(join(LAMBDAS, it, 'index.ts')));
  return all.filter((it) => readFileSync(join(LAMBDAS, it, 'index.ts'), 'utf8').includes('export const handler'));
}

function startOf(bundle: string): number {
  const settings = new Set(readFileSync(bundle, 'utf8').match(/KILN_[A-Z_]+/g) ?? []);
  const environment = { ...ENVIRONMENT, ...Object.fromEntries([...settings].map((it) => [it, 'bench'])) };
  const script = `const { handler } = await import(${JSON.stringify(pathToFileURL(bundle).href)}); process.exit(typeof handler === 'function' ? 0 : 1)`;
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${bundle} has no handler: ${stderr.slice(-500)}`);
  return (performance.now() - begun) / 1000;
}
