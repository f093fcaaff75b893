import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteCatalog } from '../../src/adapters/local/sqlite-catalog.ts';
import { catalogContract } from './catalog.ts';

catalogContract('SQLite', async () =>
  sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-catalog-')), 'catalog.sqlite')),
);
