import type { PolicySource } from '../../model/policy.ts';
import { baseline } from './baseline.ts';
import { cisDebian12 } from './cis-debian12/index.ts';
import { runs } from './runs.ts';
import { sensitiveData } from './sensitive-data.ts';

/** The packs that come with Kiln, as policies. */
export const builtInPolicies: readonly PolicySource[] = [runs, baseline, cisDebian12, sensitiveData];
