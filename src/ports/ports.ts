import type { AdvisorySource } from './advisory-source.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Catalog } from './catalog.ts';
import type { Clock } from './clock.ts';
import type { Executions } from './executions.ts';
import type { Folders } from './folders.ts';
import type { ImageRegistry } from './image-registry.ts';
import type { IsolatedRoot } from './isolated-root.ts';
import type { Notifier } from './notifier.ts';
import type { PackageSource } from './package-source.ts';
import type { ParentBaker } from './parent-baker.ts';
import type { Progress } from './progress.ts';
import type { SpecSource } from './spec-source.ts';
import type { TestBed } from './test-bed.ts';

/** Everything a use case may need of the world; each names the part that it uses with `Pick`. */
export interface Ports {
  readonly catalog: Catalog;
  readonly store: ArtifactStore;
  readonly source: PackageSource;
  readonly advisories: AdvisorySource;
  readonly specs: SpecSource;
  /** Where there is a service that bakes on top of a vendor's image. */
  readonly parentBaker?: ParentBaker;
  readonly registry: ImageRegistry;
  readonly testBed: TestBed;
  readonly isolation: IsolatedRoot;
  readonly executions: Executions;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly folders: Folders;
  /** Aborted when the person or the platform wants the work to stop. */
  readonly signal?: AbortSignal;
}
