import { expect, test } from 'vitest';
import { firstObstacle, mendingHints } from '../../../../src/app/gate/examination.ts';
import type { Finding, ValidationReport } from '../../../../src/model/finding.ts';

const key: Finding = {
  rule: 'private-keys',
  severity: 'critical',
  message: '/usr/share/app/test.key holds a private key',
  file: '/usr/share/app/test.key',
  fix: { field: 'minimize.remove', add: '/usr/share/app/test.key' },
};
const waived: Finding = { ...key, message: 'other', waived: { owner: 'web', reason: 'x', expires: '2999-01-01' } };
const reportOf = (mode: 'enforce' | 'warn', findings: Finding[]): ValidationReport => ({
  passed: false,
  verdicts: [{ rule: 'private-keys', pack: 'baseline', outcome: 'not-compliant', mode, findings }],
  notRunnable: [],
});

test.each([
  {
    summary: 'what is enforced is told once, with what would mend it',
    report: reportOf('enforce', [key]),
    obstacle: 'private-keys: /usr/share/app/test.key holds a private key',
    hints: ['hint: minimize.remove in the spec would mend it: /usr/share/app/test.key'],
  },
  {
    summary: 'what is only warned of, or waived, is no obstacle',
    report: reportOf('warn', [key, waived]),
    obstacle: undefined,
    hints: [],
  },
])('$summary', ({ report, obstacle, hints }) => {
  expect(firstObstacle(report)).toBe(obstacle);
  expect(mendingHints(report)).toEqual(hints);
});
