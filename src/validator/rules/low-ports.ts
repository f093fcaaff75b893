import { z } from 'zod';
import { findProgram } from '../programs.ts';
import { answer, defineRule, notApplicable } from '../rule.ts';

/** A service that is not root's may listen on its ports below 1024 (capabilities(7), ip(7)). */
export const lowPorts = defineRule({
  id: 'low-ports',
  title: 'a service that does not run as root has the right to listen on its ports below 1024',
  reference: 'capabilities(7)',
  remedy: 'give the unit AmbientCapabilities=CAP_NET_BIND_SERVICE, or set net.ipv4.ip_unprivileged_port_start',
  parameters: z.strictObject({}),
  check({ tree, inventory }) {
    const first = Number(inventory.sysctl['net.ipv4.ip_unprivileged_port_start'] ?? 1024);
    const low = inventory.ports.filter((port) => port < first);
    const { user, unit, command } = inventory.service;
    if (low.length === 0) return notApplicable(`no port below ${first}`);
    // To a command the image's init gives the right by itself.
    if (user === 'root' || user === '0' || unit === '') return { outcome: 'compliant' };
    const settings = inventory.units.find(({ name }) => name === unit)?.settings ?? {};
    // It starts as root and changes its user itself (systemd.service(5), `+` and `!`).
    if (/^[-@:]*[+!]/.test(settings['Service.ExecStart'] ?? '')) return { outcome: 'compliant' };
    const ambient = settings['Service.AmbientCapabilities'] ?? '';
    const program = command[0] === undefined ? undefined : findProgram(tree, command[0]);
    const held = inventory.files.find(({ path }) => path === program?.path)?.capabilities ?? [];
    if (/\bCAP_NET_BIND_SERVICE\b/i.test(ambient) || held.includes('cap_net_bind_service'))
      return { outcome: 'compliant' };
    return answer([
      {
        message: `user ${user} may not listen on ${low.length === 1 ? `port ${low[0]}` : `ports ${low.join(', ')}`}`,
        file: program?.path,
        seen: 'no CAP_NET_BIND_SERVICE',
        wanted: 'CAP_NET_BIND_SERVICE',
      },
    ]);
  },
});
