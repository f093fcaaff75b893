import { expect, test } from 'vitest';
import { alternativesOf } from '../../../src/resolver/evidence/alternatives.ts';

test.each([
  {
    summary: 'one link with a slave',
    postinst:
      '#!/bin/sh\nif [ "$1" = configure ]; then\n  update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 \\\n    --slave /usr/bin/nawk nawk /usr/bin/mawk\nfi\n',
    want: ['/usr/bin/awk → /usr/bin/mawk 5', '/usr/bin/nawk → /usr/bin/mawk 5'],
  },
  {
    summary: 'a loop over names',
    postinst:
      "base=/usr/lib/jvm/x\ntools='java keytool'\nprio=17\nfor i in $tools; do update-alternatives --install /usr/bin/$i $i $base/bin/$i $prio; done\n",
    want: ['/usr/bin/java → /usr/lib/jvm/x/bin/java 17', '/usr/bin/keytool → /usr/lib/jvm/x/bin/keytool 17'],
  },
  {
    summary: 'what only running tells',
    postinst: 'update-alternatives --install "$1" x "$2" 5\nupdate-alternatives --remove x /bin/y\n',
    want: [],
  },
])('$summary', ({ postinst, want }) => {
  expect(alternativesOf('p', postinst).map(({ link, path, priority }) => `${link} → ${path} ${priority}`)).toEqual(
    want,
  );
});
