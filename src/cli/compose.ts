import { join, resolve } from 'node:path';
import { makeHandler as bakeFromParent } from '../../lambdas/bake-from-parent/handler.ts';
import { makeHandler as bakeImage } from '../../lambdas/bake-image/handler.ts';
import { makeHandler as endBuild } from '../../lambdas/end-build/handler.ts';
import { makeHandler as judgeImage } from '../../lambdas/judge-image/handler.ts';
import { makeHandler as planBuild } from '../../lambdas/plan-build/handler.ts';
import { makeHandler as publishImage } from '../../lambdas/publish-image/handler.ts';
import { makeHandler as registerImage } from '../../lambdas/register-image/handler.ts';
import { makeHandler as resolveImage } from '../../lambdas/resolve-image/handler.ts';
import { makeHandler as shareImage } from '../../lambdas/share-image/handler.ts';
import { makeHandler as testImage } from '../../lambdas/test-image/handler.ts';
import { makeHandler as validateImage } from '../../lambdas/validate-image/handler.ts';
import { aptPackageSource } from '../adapters/local/apt-package-source.ts';
import { cachedAdvisorySource } from '../adapters/local/cached-advisory-source.ts';
import { folderArtifactStore } from '../adapters/local/folder-artifact-store.ts';
import { folderImageRegistry } from '../adapters/local/folder-image-registry.ts';
import { folderSpecSource, loadWithDigests } from '../adapters/local/folder-spec-source.ts';
import { logNotifier } from '../adapters/local/log-notifier.ts';
import { newExecutionId, processExecutions } from '../adapters/local/process-executions.ts';
import { qemuTestBed } from '../adapters/local/qemu-test-bed.ts';
import { sqliteCatalog } from '../adapters/local/sqlite-catalog.ts';
import { unshareIsolatedRoot } from '../adapters/local/unshare-isolated-root.ts';
import { localFolders } from '../adapters/local/work-folders.ts';
import type { PlanRequest } from '../app/steps/plan-build.ts';
import { systemClock, timestamp } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import { type Progress, silent } from '../ports/progress.ts';
import { type Handler, type LocalOutcome, runLocally, type StateEvent } from '../workflow/run-locally.ts';
import { defaultHome } from './home.ts';

export interface LocalOptions {
  /** Folder of everything that Kiln keeps; default: KILN_HOME, else /var/lib/kiln for root, else below the home folder. */
  readonly home?: string;
  /** Folder of what can be fetched or made again; default: KILN_CACHE, else `cache` in the home. */
  readonly cache?: string;
  /** The accounts file; default: KILN_ACCOUNTS, else the nearest `accounts.yaml` at or above an image's spec. */
  readonly accounts?: string;
  readonly webhook?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Kiln on one machine. */
export interface LocalKiln {
  readonly ports: Ports;
  readonly home: string;
  /** Makes the image of a spec known to the catalog; returns its name. Throws NOT_FOUND, SPEC_INVALID. */
  addSpec(path: string): Promise<string>;
  /** Runs the state machine for one image. */
  build(request: PlanRequest, onState?: (event: StateEvent) => void): Promise<LocalOutcome>;
  close(): void;
}

/** Puts the local adapters together. */
export function composeLocal(options: LocalOptions = {}): LocalKiln {
  const home = options.home ?? defaultHome();
  const cache = options.cache ?? process.env.KILN_CACHE ?? join(home, 'cache');
  const catalog = sqliteCatalog(join(home, 'catalog.sqlite'));
  const store = folderArtifactStore(join(home, 'artifacts'));
  const clock = systemClock;
  const build: LocalKiln['build'] = (request, onState) =>
    runLocally({
      machine: 'build-image',
      input: { ...request },
      executionId: newExecutionId(),
      handlers: handlersOver(ports),
      onState,
      signal: options.signal,
    });
  const ports: Ports = {
    catalog,
    store,
    clock,
    source: aptPackageSource({ cache, clock }),
    advisories: cachedAdvisorySource({ cache }),
    specs: folderSpecSource({ catalog, accounts: options.accounts ?? process.env.KILN_ACCOUNTS }),
    registry: folderImageRegistry(join(home, 'registry'), store),
    testBed: qemuTestBed({ folder: join(home, 'instances'), store, clock }),
    isolation: unshareIsolatedRoot(),
    executions: processExecutions(async ({ image, cause }) => {
      await build({ image, cause });
    }),
    notifier: logNotifier({
      path: join(home, 'notices.jsonl'),
      webhook: options.webhook ?? process.env.KILN_WEBHOOK,
      clock,
    }),
    progress: options.progress ?? silent,
    folders: localFolders({ work: join(home, 'work'), cache }),
    signal: options.signal,
  };
  return { ports, home, build, addSpec: (path) => addSpec(ports, path), close: () => catalog.close() };
}

function handlersOver(ports: Ports): Record<string, Handler> {
  const factories = {
    'plan-build': planBuild,
    'resolve-image': resolveImage,
    'bake-image': bakeImage,
    'bake-from-parent': bakeFromParent,
    'validate-image': validateImage,
    'register-image': registerImage,
    'test-image': testImage,
    'judge-image': judgeImage,
    'share-image': shareImage,
    'publish-image': publishImage,
    'end-build': endBuild,
  };
  return Object.fromEntries(Object.entries(factories).map(([name, make]) => [name, make(ports) as unknown as Handler]));
}

async function addSpec({ catalog, clock }: Ports, path: string): Promise<string> {
  const found = resolve(path.endsWith('.yaml') || path.endsWith('.yml') ? path : join(path, 'image.yaml'));
  const { spec } = await loadWithDigests(found);
  await catalog.putImage({ name: spec.name, spec: found, addedAt: timestamp(clock) });
  return spec.name;
}
