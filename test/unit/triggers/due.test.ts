import { describe, expect, test } from 'vitest';
import { causeOfChange, causeOfJudging, scheduleIsDue } from '../../../src/triggers/due.ts';

const at = (text: string) => Date.parse(`2026-03-01T${text}Z`);
const utc = { timezone: 'UTC' };

describe('scheduleIsDue', () => {
  test.each([
    { summary: 'no schedule is never due', schedule: undefined, last: undefined, now: '10:00:00', due: false },
    {
      summary: 'a schedule that never ran is due',
      schedule: { ...utc, every: '1h' },
      last: undefined,
      now: '10:00:00',
      due: true,
    },
    {
      summary: 'an interval that is over',
      schedule: { ...utc, every: '1h' },
      last: '09:00:00',
      now: '10:00:00',
      due: true,
    },
    {
      summary: 'an interval that is not over',
      schedule: { ...utc, every: '1h' },
      last: '09:00:01',
      now: '10:00:00',
      due: false,
    },
    {
      summary: 'a cron time in between',
      schedule: { ...utc, cron: '30 9 * * *' },
      last: '09:00:00',
      now: '09:30:00',
      due: true,
    },
    {
      summary: 'a cron time still to come',
      schedule: { ...utc, cron: '30 9 * * *' },
      last: '09:00:00',
      now: '09:29:59',
      due: false,
    },
    {
      summary: 'a cron time in its own time zone',
      schedule: { cron: '30 9 * * *', timezone: 'Asia/Kolkata' },
      last: '03:59:00',
      now: '04:00:00',
      due: true,
    },
  ])('$summary', ({ schedule, last, now, due }) => {
    expect(scheduleIsDue(schedule, last === undefined ? undefined : at(last), at(now))).toBe(due);
  });
});

describe('causeOfChange', () => {
  const inputs = { spec: 's', indexes: ['i1', 'i2'] };
  test.each([
    { summary: 'nothing changed', change: {}, kind: undefined },
    { summary: 'what is baked of the spec', change: { spec: 's2' }, kind: 'request' },
    { summary: 'one index of several', change: { indexes: ['i1', 'i3'] }, kind: 'component' },
  ])('$summary', ({ change, kind }) => {
    expect(causeOfChange(inputs, { ...inputs, ...change })?.kind).toBe(kind);
  });
});

describe('causeOfJudging', () => {
  const inputs = { policies: 'p', tests: 't', accounts: 'a', advisories: 'v' };
  test.each([
    { summary: 'nothing changed', before: inputs, kind: undefined },
    { summary: 'never judged', before: undefined, kind: 'request' },
    { summary: 'policies', before: { ...inputs, policies: 'p0' }, kind: 'policy' },
    { summary: 'tests', before: { ...inputs, tests: 't0' }, kind: 'test' },
    { summary: 'accounts', before: { ...inputs, accounts: 'a0' }, kind: 'account' },
    { summary: 'known vulnerabilities', before: { ...inputs, advisories: 'v0' }, kind: 'advisory' },
    { summary: 'a judgement that was not finished', before: {}, kind: 'policy' },
  ])('$summary', ({ before, kind }) => {
    expect(causeOfJudging(before, inputs)?.kind).toBe(kind);
  });
});
