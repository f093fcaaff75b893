import { readFileSync, writeFileSync } from 'node:fs';
import { withReference } from '../src/app/reference/render-reference.ts';
import { renderSchemas } from '../src/app/reference/render-schemas.ts';

// `npm run schema`: schemas/*.schema.json and the reference in docs/specs.md, from the zod schemas of src/model.
const file = (path: string) => new URL(`../${path}`, import.meta.url);
for (const [path, text] of renderSchemas()) writeFileSync(file(path), text);
writeFileSync(file('docs/specs.md'), withReference(readFileSync(file('docs/specs.md'), 'utf8')));
