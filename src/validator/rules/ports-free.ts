import { z } from 'zod';
import { answer, defineInventoryRule, notApplicable, type Observation } from '../rule.ts';

/** Nothing else that systemd starts takes one of the application's ports first (systemd.socket(5), sshd_config(5)). */
export const portsFree = defineInventoryRule({
  id: 'ports-free',
  title: 'no other unit takes a port of the application',
  reference: 'systemd.socket(5)',
  remedy: 'disable the other unit, or give one of the two another port',
  parameters: z.strictObject({}),
  check({ inventory }) {
    const { service, image, ports } = inventory;
    if (image.init !== 'systemd') return notApplicable('nothing but the application is started');
    if (ports.length === 0) return notApplicable('the application listens on no port');
    const own = service.unit.replace(/\.service$/, '');
    const findings: Observation[] = [];
    const claim = (unit: string, path: string, port: number) => {
      if (!ports.includes(port) || unit.replace(/\.(socket|service)$/, '') === own) return;
      findings.push({
        message: `${unit} takes port ${port} of the application`,
        file: path,
        seen: `port ${port}`,
        wanted: 'another port',
      });
    };
    for (const { name, path, settings } of inventory.units.filter((it) => it.enabled)) {
      for (const key of ['ListenStream', 'ListenDatagram']) {
        for (const address of (settings[`Socket.${key}`] ?? '').split(' ')) {
          const port = /(?:^|:)(\d+)$/.exec(address)?.[1];
          if (port !== undefined) claim(name, path, Number(port));
        }
      }
      if (/^sshd?\.service$/.test(name)) claim(name, path, Number(inventory.ssh.options.port ?? 22));
    }
    return answer(findings);
  },
});
