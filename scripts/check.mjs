// `npm run check`: types, format and lint, dependency direction, dead code.
import { fileURLToPath } from 'node:url';
import { runChecks } from './checks.mjs';

const { failed } = runChecks(fileURLToPath(new URL('..', import.meta.url)));
process.exitCode = failed > 0 ? 1 : 0;
