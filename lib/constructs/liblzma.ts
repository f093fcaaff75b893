import type { ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';
import { repositoryPath } from './repository.ts';

/** Command that puts liblzma's native module, which no bundler can inline, beside a bundle; Linux on x86_64 alone. */
export function copyLiblzmaCommand(outputFolder: string): string {
  const modules = `${outputFolder}/node_modules`;
  const from = repositoryPath('node_modules/node-liblzma');
  return [
    `mkdir -p ${modules}/node-liblzma/prebuilds`,
    `cp -rL ${from}/package.json ${from}/lib ${modules}/node-liblzma/`,
    `cp -rL ${from}/prebuilds/linux-x64 ${modules}/node-liblzma/prebuilds/`,
    `cp -rL ${repositoryPath('node_modules/node-gyp-build')} ${modules}/`,
  ].join(' && ');
}

/** As a hook of a function's bundling. */
export const copyLiblzma: ICommandHooks = {
  beforeBundling: () => [],
  beforeInstall: () => [],
  afterBundling: (_input, outputFolder) => [copyLiblzmaCommand(outputFolder)],
};
