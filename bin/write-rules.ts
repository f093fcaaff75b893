import { writeFileSync } from 'node:fs';
import { renderRules } from '../src/validator/render-rules.ts';

// `npm run rules`: RULES.md, from the rules, the packs and the inventory's schema.
writeFileSync(new URL('../RULES.md', import.meta.url), renderRules());
