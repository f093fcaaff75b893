import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bootableDisk } from '../support/bootable.ts';
import { onDeployedKiln } from '../support/emulator/deployed-kiln.ts';
import { imageBuilder } from '../support/emulator/image-builder.ts';
import { makeParentRoot } from '../support/emulator/parent-root.ts';
import { launchableBy, ownImages, parameter, runningInstances } from './deployed/aws-state.ts';
import { ACCOUNTS, APPROVED } from './deployed/example.ts';

// Among what `npm run test:aws:faults` runs: a vendor's system boots twice.

const scratch = mkdtempSync(join(tmpdir(), 'kiln-parent-'));
const PARENT = 'ami-0123456789abcdef0';
const SPEC = `
name: on-parent
application:
  packages: [busybox-static]
  files:
    - { path: /srv/index.html, content: on a parent }
  run: { command: [/usr/bin/busybox, httpd, -f, -p, "80", -h, /srv] }
  ports: [80]
bake: { with: image-builder, parent: ${PARENT} }
boot: { init: systemd }
tests:
  - { http: { body: on a parent }, timeout: 300s }
distribute: { organizationalUnits: [production] }
`;

let parent: Promise<string> | undefined;

/** What a vendor's image has besides its packages: an address by DHCP on whatever card there is. */
async function vendorsRoot(): Promise<string> {
  const root = await makeParentRoot(join(scratch, 'parent'), ['nano', 'cron', 'udev', 'dbus']);
  mkdirSync(join(root, 'etc/systemd/network'), { recursive: true });
  writeFileSync(join(root, 'etc/systemd/network/10-dhcp.network'), '[Match]\nName=e*\n[Network]\nDHCP=yes\n');
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  symlinkSync('/lib/systemd/system/systemd-networkd.service', join(wants, 'systemd-networkd.service'));
  return root;
}

const builder = imageBuilder({
  folder: join(scratch, 'builds'),
  async parent(image, folder) {
    if (image !== PARENT) throw new Error(`no parent ${image}`);
    parent ??= vendorsRoot();
    mkdirSync(folder, { recursive: true });
    const root = join(folder, 'root');
    execFileSync('cp', ['-a', '--reflink=auto', await parent, root]);
    return root;
  },
  disk: bootableDisk,
});

onDeployedKiln(
  'an image on a vendor’s parent',
  (kiln) => {
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    test('goes from its spec through Image Builder, whose component is tested on a booted machine, to the accounts that may launch it', async () => {
      await kiln().put('settings/accounts.yaml', ACCOUNTS);
      await kiln().put('settings/images/on-parent/image.yaml', SPEC);
      await kiln().settled();
      const builds = await kiln().catalog.listBuilds({ image: 'on-parent' });
      const build = builds.find((it) => it.state === 'succeeded') ?? builds[0];
      if (build?.state !== 'succeeded')
        throw new Error(`${build?.state}: ${build?.detail}\n${builder.log().slice(-5000)}`);
      expect(build.steps.map((it) => `${it.step} ${it.outcome}`)).toEqual([
        'resolve succeeded',
        'bake succeeded',
        'validate succeeded',
        'register succeeded',
        'test succeeded',
        'judge succeeded',
        expect.stringMatching(/^share .* succeeded$/),
        'publish succeeded',
      ]);
      expect(builder.log()).toContain('agent: status 0');
      const [image, ...more] = await ownImages('on-parent');
      expect(more).toEqual([]);
      expect(await launchableBy(image?.ImageId ?? '')).toEqual([APPROVED[0]]);
      expect(await parameter('/kiln/images/on-parent/latest')).toBe(image?.ImageId);
      expect(await runningInstances()).toEqual([]);
    }, 1_800_000);
  },
  { routes: [builder.route] },
);
