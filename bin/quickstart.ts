import { execute } from '../src/cli/main.ts';
import { quickstart } from '../src/cli/quickstart.ts';

const json = process.argv.includes('--json');
process.exitCode = await execute(quickstart, { args: [], options: {} }, { json });
