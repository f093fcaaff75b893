import { z } from 'zod';
import { answer, defineInventoryRule } from '../rule.ts';

/** No user gets in with an empty or weakly hashed password (CIS 7.2.2). */
export const emptyPasswords = defineInventoryRule({
  id: 'empty-passwords',
  title: 'no user has an empty password, or one whose hash is easily broken',
  reference: 'CIS Debian 12 7.2.2',
  remedy: 'lock the password: "!" in /etc/shadow',
  parameters: z.strictObject({ allow: z.array(z.string()).default([]).describe('names of users') }),
  check({ inventory }, { allow }) {
    const open = inventory.users.filter(
      ({ name, password }) => (password === 'empty' || password === 'weak') && !allow.includes(name),
    );
    return answer(
      open.map(({ name, password }) => ({
        message: `user ${name} has ${password === 'empty' ? 'an empty password' : 'a password with a weak hash'}`,
        file: '/etc/shadow',
        seen: password,
        wanted: 'locked',
      })),
    );
  },
});
