import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadAccounts } from '../../../src/app/sources/load-accounts.ts';
import { loadSpec } from '../../../src/app/sources/load-spec.ts';

const examples = new URL('../../../examples/', import.meta.url);
const names = readdirSync(examples, { withFileTypes: true })
  .filter((it) => it.isDirectory() && it.name !== 'policies')
  .map((it) => it.name);

test.each(names)('examples/%s is a right spec that has a test and somebody to go to', async (name) => {
  const { spec } = await loadSpec(fileURLToPath(new URL(name, examples)));
  const { accounts } = await loadAccounts(fileURLToPath(new URL('accounts.yaml', examples)));
  const units = new Set(accounts.map((it) => it.organizationalUnit?.split('/')[0]));
  expect(spec.name).toBe(name);
  expect(spec.tests).not.toEqual([]);
  expect(spec.distribute.organizationalUnits.every((it) => units.has(it))).toBe(true);
});
