import { statSync } from 'node:fs';
import { readArchives } from '../../adapters/local/apt/configuration.ts';
import { imageSpec } from '../../model/spec.ts';
import type { HostCheck } from './check.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Sources of the release that specs default to, in this machine's apt configuration. */
export const aptSources: HostCheck = () => {
  const name = 'package sources';
  const release = imageSpec.shape.os.parse({}).release;
  const archives = readArchives('/');
  const suites = [...new Set(archives.map((it) => it.suite))].filter((it) => it.startsWith(release));
  if (suites.length > 0) return { name, state: 'ok', found: suites.join(', ') };
  return {
    name,
    state: 'missing',
    found: archives.length > 0 ? `none of the ${archives.length} sources is of ${release}` : 'none',
    mend: `name sources of ${release} in /etc/apt/sources.list, or in os.sources of each spec`,
  };
};

/** A clock that is behind makes signed indexes look as if they came from the future; one that is ahead, expired. */
export const clock: HostCheck = () => {
  const name = 'clock';
  const now = new Date();
  const found = now.toISOString().slice(0, 19).replace('T', ' ');
  const keyring = statSync(KEYRING, { throwIfNoEntry: false });
  const behind = now.getFullYear() < 2024 || (keyring !== undefined && keyring.mtimeMs > now.getTime() + 86_400_000);
  if (!behind) return { name, state: 'ok', found };
  return {
    name,
    state: 'missing',
    found: `${found} is in the past`,
    mend: 'set the clock, or start systemd-timesyncd',
  };
};
