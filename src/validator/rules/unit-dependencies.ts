import { z } from 'zod';
import { includeFix } from '../fixes.ts';
import { hasUnit } from '../read/units.ts';
import { answer, defineRule, notApplicable } from '../rule.ts';

/** Units that systemd makes by itself, or that a device or mount makes (systemd.special(7)). */
const MADE = /\.(device|mount|swap|slice|scope)$/;

/** The units that the application's unit requires exist, where systemd is the init (systemd.unit(5): Requires, Requisite, BindsTo). */
export const unitDependencies = defineRule({
  id: 'unit-dependencies',
  title: 'the units that the application’s unit requires are in the image',
  reference: 'systemd.unit(5)',
  remedy: 'include the package that has the unit',
  parameters: z.strictObject({}),
  check({ inventory, lock, providerOf }) {
    const { unit: name } = inventory.service;
    if (name === '' || inventory.image.init !== 'systemd')
      return notApplicable('the application is not started by systemd');
    const byName = new Map(inventory.units.map((it) => [it.name, it]));
    const names = new Set(byName.keys());
    const pending = [name];
    const lost = new Map<string, string>();
    for (const current of pending) {
      for (const required of byName.get(current)?.requires ?? []) {
        if (MADE.test(required) || pending.includes(required)) continue;
        if (hasUnit(names, required)) pending.push(required);
        else lost.set(required, current);
      }
    }
    return answer(
      [...lost].map(([required, by]) => {
        const provider = providerOf(`/usr/lib/systemd/system/${required}`);
        return {
          message: `${by} requires ${required}, which is not in the image`,
          file: byName.get(by)?.path,
          seen: 'absent',
          wanted: required,
          mend: provider && `package ${provider} has it`,
          fix: includeFix(required, provider, lock),
        };
      }),
    );
  },
});
