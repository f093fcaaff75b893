import { basename } from 'node:path';
import { readYamlFile } from '../../formats/text/schema-check.ts';
import { type AccountsFile, accountsFile } from '../../model/account.ts';
import { readSourceFile } from './read-source-file.ts';

/** Reads `accounts.yaml`. Throws NOT_FOUND, or CONFIG_INVALID with one line `file:line:column: path: what` an issue. */
export async function loadAccounts(path: string): Promise<AccountsFile> {
  const bytes = await readSourceFile(path, 'CONFIG_INVALID');
  const fault = { code: 'CONFIG_INVALID' as const, hint: 'examples/accounts.yaml shows the form' };
  return readYamlFile(accountsFile, { name: basename(path), bytes }, fault).value;
}
