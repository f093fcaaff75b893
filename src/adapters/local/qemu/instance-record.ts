import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../model/canonical.ts';
import type { Instance } from '../../../ports/test-bed.ts';
import { isRunning } from '../process-identity.ts';

/** What is kept of an instance in `instance.json` of its folder. */
export interface InstanceRecord {
  readonly instance: Instance;
  /** Of its QEMU, see process-identity.ts. */
  readonly process: string;
  /** Set when it was stopped. */
  readonly stopped?: { readonly clean: boolean };
}

const FILE = 'instance.json';

/** The identifier that a launch with this idempotency key gets. */
export function instanceId(key: string): string {
  return `i-${sha256(key).slice(0, 12)}`;
}

export function readRecord(folder: string, id: string): InstanceRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, id, FILE), 'utf8')) as InstanceRecord;
  } catch {
    return undefined;
  }
}

export function writeRecord(folder: string, record: InstanceRecord): void {
  const path = join(folder, record.instance.id, FILE);
  writeFileSync(`${path}.new`, JSON.stringify(record, null, 2));
  renameSync(`${path}.new`, path);
}

export function isAlive(record: InstanceRecord | undefined): boolean {
  return record !== undefined && record.stopped === undefined && isRunning(record.process);
}

/** Records of all instances, also of those that ended. */
export function listRecords(folder: string): InstanceRecord[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = readdirSync(folder).filter((name) => name.startsWith('i-'));
  return names.sort().flatMap((name) => readRecord(folder, name) ?? []);
}

/** Removes folders of instances that ended more than `keepMs` ago: until then their console can be read. */
export function sweepEnded(folder: string, keepMs: number, now: number): void {
  for (const name of readdirSync(folder).filter((entry) => /^(i|trial)-/.test(entry))) {
    const path = join(folder, name);
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    if (!isAlive(readRecord(folder, name)) && age > keepMs) rmSync(path, { recursive: true, force: true });
  }
}
