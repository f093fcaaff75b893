import { type ValidationReport, validationReport } from '../../model/finding.ts';
import { type Lock, lock } from '../../model/lock.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';

/** The lock that is stored under a digest. Throws NOT_FOUND, ARTIFACT_CORRUPT. */
export async function readLock(store: Pick<ArtifactStore, 'read'>, digest: string): Promise<Lock> {
  return lock.parse(await readJson(store, digest));
}

/** The report of a validation that is stored under a digest. Throws NOT_FOUND, ARTIFACT_CORRUPT. */
export async function readReport(store: Pick<ArtifactStore, 'read'>, digest: string): Promise<ValidationReport> {
  return validationReport.parse(await readJson(store, digest));
}

async function readJson(store: Pick<ArtifactStore, 'read'>, digest: string): Promise<unknown> {
  return JSON.parse((await store.read(digest)).toString('utf8'));
}
