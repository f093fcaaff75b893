import { expect, test } from 'vitest';
import { closureAndBoot } from '../../../../src/app/lock/make-lock.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { buildUniverse } from '../../../../src/resolver/universe/universe.ts';
import { makeInputs } from '../../../support/universe.ts';

const bookworm = {
  php: 'systemd | systemd-standalone-tmpfiles',
  'systemd-standalone-tmpfiles': '; conflicts systemd',
  systemd: 'libs; size 9',
  libs: '',
  plain: '',
};
const universe = buildUniverse(makeInputs({ bookworm }), 'amd64');

test.each([
  { summary: 'the least', packages: ['php'], init: 'busybox', want: 'php systemd-standalone-tmpfiles', boots: '' },
  { summary: 'what boots it on top', packages: ['plain'], init: 'systemd', want: 'plain', boots: 'libs systemd' },
  { summary: 'what goes with the init', packages: ['php'], init: 'systemd', want: 'libs php systemd', boots: '' },
])('the closure is $summary', ({ packages, init, want, boots }) => {
  const spec = imageSpec.parse({ name: 'x', application: { packages, run: { unit: 'x.service' } }, boot: { init } });
  const found = closureAndBoot(universe, spec, [], undefined);
  if ('kind' in found) throw new Error(found.explanation.join());
  const names = (of: readonly { name: string }[]) =>
    of
      .map((it) => it.name)
      .sort()
      .join(' ');
  expect(names(found.closure.packages)).toBe(want);
  expect(names(found.boot.packages)).toBe(boots);
  expect(found.closure.proven).toBe(true);
});
