import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfiguration } from '../../lib/configuration.ts';
import { checkWithNag } from '../../lib/nag.ts';
import { addStacks } from '../../lib/stacks.ts';
import type { Waiver } from '../../lib/waivers.ts';

export interface Synthesized {
  readonly templates: Readonly<Record<string, Template>>;
  readonly usedWaivers: ReadonlySet<Waiver>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** The stacks of a configuration, without an account and without bundling code. Throws what cdk-nag finds and nobody waived. */
export function synthesize(settings: unknown = {}): Synthesized {
  const context = { ...JSON.parse(readFileSync('cdk.json', 'utf8')).context, 'aws:cdk:bundling-stacks': [] };
  const outdir = mkdtempSync(join(tmpdir(), 'kiln-cdk-'));
  const app = new App({ context, outdir });
  const stacks = addStacks(app, parseConfiguration(settings, 'test'));
  const checks = checkWithNag(app);
  app.synth({ errorOnDuplicateSynth: false });
  const templates = Object.fromEntries(Object.entries(stacks).map(([name, it]) => [name, Template.fromStack(it)]));
  rmSync(outdir, { recursive: true });
  return { templates, usedWaivers: checks.used };
}

/** Every resource of every stack, by `STACK/LOGICAL-ID`. */
export function resourcesOf({ templates }: Synthesized): Map<string, Resource> {
  const all = Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries(template.toJSON().Resources as Record<string, Resource>).map(
      ([id, it]) => [`${stack}/${id}`, it] as const,
    ),
  );
  return new Map(all);
}
