import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Half of a short command's time is compiling; the cache has the same owner and trust as node_modules.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
const { main } = await import('../src/cli/main.ts');

process.exitCode = await main(process.argv.slice(2));
