import { writeFileSync } from 'node:fs';
import { renderSchemas } from '../src/app/render-schemas.ts';

// `npm run schema`: schemas/*.schema.json and the reference in docs/specs.md, from the zod schemas of src/model.
for (const [path, text] of renderSchemas()) writeFileSync(new URL(`../${path}`, import.meta.url), text);
