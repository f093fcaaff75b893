import type { Answer, CommandModule } from '../command.ts';
import { formatBytes, table } from '../style.ts';

/** `kiln images`: every image with its newest published version. */
export const { declare, run }: CommandModule = {
  declare() {},

  async run({ kiln: open, style }): Promise<Answer> {
    const { catalog } = (await open()).ports;
    const images = await Promise.all(
      (await catalog.listImages()).map(async ({ name, spec }) => {
        const latest = (await catalog.aliases(name)).latest;
        const version = latest === undefined ? undefined : await catalog.getVersion(name, latest);
        const grants = version ? await catalog.listGrants({ image: name, version: latest, inForce: true }) : [];
        return { name, spec, latest, version, accounts: grants.map((it) => it.account) };
      }),
    );
    const rows = images.map(({ name, latest, version, accounts, spec }) => [
      name,
      latest === undefined ? 'none' : `@${latest}`,
      sizeOf(version?.facts.allocatedBytes),
      String(accounts.length),
      version?.createdAt.slice(0, 16).replace('T', ' ') ?? '',
      spec,
    ]);
    const lines = table(['image', 'latest', 'disk>', 'accounts>', 'built', 'spec'], rows, style);
    const data = images.map(({ version, ...it }) => ({ ...it, createdAt: version?.createdAt, state: version?.state }));
    return { data, lines: images.length > 0 ? lines : ['no images yet; kiln build PATH makes one from a spec'] };
  },
};

function sizeOf(bytes: unknown): string {
  return typeof bytes === 'number' ? formatBytes(bytes) : '';
}
