import { repositoryPath } from './repository.ts';

/** How every bundle is made: for the Node that the functions run on, without anything native. */
export const TARGET = 'node24';

/** What some CommonJS dependencies expect of their module. */
export const BANNER = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

/** Module that stands in for liblzma's, which reads its WebAssembly from beside itself. */
export const LIBLZMA = repositoryPath('src/adapters/aws/liblzma.ts');
