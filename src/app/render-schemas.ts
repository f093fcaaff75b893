import { z } from 'zod';
import { accountsFile } from '../model/account.ts';
import { policy } from '../model/policy.ts';
import { imageSpec } from '../model/spec.ts';

const SCHEMAS = {
  'schemas/image.schema.json': { title: 'Kiln image', schema: imageSpec },
  'schemas/accounts.schema.json': { title: 'Kiln accounts', schema: accountsFile },
  'schemas/policy.schema.json': { title: 'Kiln policy', schema: policy },
} as const;

/** JSON Schemas for editors, by the path of their file in the repository. */
export function renderSchemas(): Map<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([path, { title, schema }]) => {
      const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input' });
      return [path, `${JSON.stringify({ $schema, title, ...body }, null, 2)}\n`];
    }),
  );
}
