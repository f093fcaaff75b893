import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rulesDigest } from '../src/app/reference/rules-digest.ts';
import { renderRules } from '../src/validator/render-rules.ts';

// `npm run rules`: RULES.md, from the rules, the packs and the inventory's schema; and the digest of their sources.
const src = fileURLToPath(new URL('../src', import.meta.url));
writeFileSync(new URL('../RULES.md', import.meta.url), renderRules());
writeFileSync(new URL('../src/app/gate/rules-digest.json', import.meta.url), `{ "digest": "${rulesDigest(src)}" }\n`);
