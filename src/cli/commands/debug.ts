import type { CommandModule } from '../command.ts';
export const { declare, run }: CommandModule = {
  declare() {},
  async run() {
    return { data: {}, lines: [] };
  },
};
