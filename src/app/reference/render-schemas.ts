import { z } from 'zod';
import { ACCESS_SCHEMA } from '../../distributor/access/schema.ts';
import { accountsFile } from '../../model/account.ts';
import { policy } from '../../model/policy.ts';
import { imageSpec } from '../../model/spec.ts';

const SCHEMAS = {
  'schemas/image.schema.json': { title: 'Kiln image', schema: imageSpec },
  'schemas/accounts.schema.json': { title: 'Kiln accounts', schema: accountsFile },
  'schemas/policy.schema.json': { title: 'Kiln policy', schema: policy },
} as const;

/** Schemas for editors, by the path of their file in the repository: JSON Schemas, and Cedar's of access policies. */
export function renderSchemas(): Map<string, string> {
  const rendered = Object.entries(SCHEMAS).map(([path, { title, schema }]) => {
    const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input' });
    return [path, `${JSON.stringify({ $schema, title, ...body }, null, 2)}\n`] as const;
  });
  return new Map([...rendered, ['schemas/access.cedarschema', ACCESS_SCHEMA]]);
}
