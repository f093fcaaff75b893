import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfiguration, readConfiguration } from '../../lib/configuration.ts';

describe('kiln.config.yaml', () => {
  test('every field has a default', () => {
    expect(readConfiguration('/nowhere/kiln.config.yaml')).toMatchObject({ name: 'kiln', encryptImages: true });
  });

  test.each([
    { summary: 'a name with capitals', config: { name: 'Kiln' }, says: /name: lower-case letters/ },
    { summary: 'a name that is too long', config: { name: 'k'.repeat(30) }, says: /name: / },
    { summary: 'an address that is none', config: { alertEmail: 'me' }, says: /alertEmail: .*email/i },
    { summary: 'an instance type that is none', config: { testInstanceType: 'small' }, says: /testInstanceType: .*t3/ },
    { summary: 'a container image without digest', config: { bakerImage: 'debian:12' }, says: /bakerImage: .*digest/ },
    { summary: 'a size that is none', config: { bakerSize: 'huge' }, says: /bakerSize: .*small/ },
    { summary: 'text for a switch', config: { encryptImages: 'yes' }, says: /encryptImages: .*boolean/ },
    { summary: 'looking too often', config: { watchMinutes: 1 }, says: /watchMinutes: .*5/ },
    { summary: 'an age of nothing', config: { staleIndexHours: 0 }, says: /staleIndexHours: .*1/ },
    { summary: 'an approval of nobody', config: { approvals: ['Web'] }, says: /approvals\.0: .*name/ },
    { summary: 'a topic that is none', config: { vendorTopics: ['updates'] }, says: /vendorTopics\.0: .*SNS/ },
    {
      summary: 'five fields of cron',
      config: { schedules: { web: { cron: '0 3 * * *' } } },
      says: /web\.cron: six fields/,
    },
    {
      summary: 'a time zone that is none',
      config: { schedules: { web: { cron: '0 3 * * ? *', timezone: 'Mars/Olympus' } } },
      says: /web\.timezone: a time zone/,
    },
    {
      summary: 'too much jitter',
      config: { schedules: { web: { cron: '0 3 * * ? *', jitterMinutes: 2000 } } },
      says: /jitterMinutes: .*1440/,
    },
    { summary: 'a key that is unknown', config: { nam: 'kiln' }, says: /the file has unknown fields: nam/ },
    {
      summary: 'a minute that no hour has',
      config: { schedules: { web: { cron: '99 3 * * ? *' } } },
      says: /web\.cron: minutes takes 0 to 59, not "99"/,
    },
    {
      summary: 'days of the month and of the week',
      config: { schedules: { web: { cron: '0 3 * * * *' } } },
      says: /web\.cron: exactly one of/,
    },
    {
      summary: 'a schedule of an image that cannot be',
      config: { schedules: { 'My Web': { cron: '0 3 * * ? *' } } },
      says: /schedules\.My Web: an image’s name/,
    },
    {
      summary: 'a region twice',
      config: { copyRegions: ['us-east-1', 'us-east-1'] },
      says: /copyRegions: each region once/,
    },
    { summary: 'what is there in place of it', config: { bakerSize: 'huge' }, says: /bakerSize: .*, not "huge"/ },
  ])('$summary is refused, naming the field', ({ config, says }) => {
    expect(() => parseConfiguration(config, 'kiln.config.yaml')).toThrow(says);
  });

  test.each(['0 3 * * ? *', '*/15 8-18 ? * MON-FRI *', '0 0 L * ? 2027', '5,35 0/6 15W JAN,JUL ? *', '0 9 ? * 2#1 *'])(
    'the schedule %s is taken',
    (cron) => {
      expect(parseConfiguration({ schedules: { web: { cron } } }, 'file').schedules.web?.cron).toBe(cron);
    },
  );

  test('a file that somebody named is there, and is a file', () => {
    expect(() => readConfiguration('/nowhere/mine.yaml', true)).toThrow(/mine.yaml cannot be read/);
    expect(() => readConfiguration(tmpdir())).toThrow(/cannot be read/);
  });

  test('text that is no YAML is refused, naming the file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kiln-config-')), 'kiln.config.yaml');
    writeFileSync(path, 'name: [');
    expect(() => readConfiguration(path)).toThrow(/kiln.config.yaml/);
  });
});
