import { readFileSync } from 'node:fs';
import { repositoryPath } from '../../../lib/constructs/repository.ts';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';

/** The example that goes through the deployed pipeline, as it stands in the repository. */
export const SPEC = readFileSync(repositoryPath('examples/nginx/image.yaml'), 'utf8');
export const ACCOUNTS = readFileSync(repositoryPath('examples/accounts.yaml'), 'utf8');

/** By the example's own words: one by its unit, one by name, and nobody else. */
export const APPROVED = ['111111111111', '222222222222'];
export const OUTSIDER = '333333333333';

export const specKey = 'settings/images/nginx/image.yaml';

export async function putExample(kiln: DeployedKiln): Promise<void> {
  await kiln.put('settings/accounts.yaml', ACCOUNTS);
  await kiln.put(specKey, SPEC);
}
