import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DistributionCall,
  type DistributionRequest,
  type Present,
  planDistribution,
  type Recipient,
} from '../../../src/distributor/plan.ts';
import { preflight } from '../../../src/distributor/preflight.ts';

const id = (number: number) => String(100_000_000_000 + number);
const many = (count: number, change: Partial<Recipient> = {}): Recipient[] =>
  Array.from({ length: count }, (_, at) => ({ account: id(at), region: 'home', copy: false, ...change }));
const ARN = 'arn:aws:organizations::111111111111:ou/o-1/ou-1';
const UNIT = { path: 'production', arn: ARN, regions: ['home', 'west'] };

/** `home share 2` is a call that shares with two principals; one under a key has `*`. */
const told = (request: Omit<DistributionRequest, 'home'>) =>
  planDistribution({ home: 'home', ...request }).calls.map((it) =>
    [
      it.region + (it.key ? '*' : ''),
      it.kind,
      ...(it.kind === 'copy' ? [] : [it.principals.length]),
      ...(it.copy ? ['copy'] : []),
    ].join(' '),
  );

describe('the fewest calls', () => {
  test.each([
    { summary: 'nobody: none', recipients: [], want: [] },
    {
      summary: 'accounts go by the hundred',
      recipients: many(250),
      want: ['home share 100', 'home share 100', 'home share 50'],
    },
    {
      summary: 'another region is copied to first',
      recipients: [...many(2), ...many(2, { region: 'west' })],
      want: ['west copy', 'home share 2', 'west share 2'],
    },
    {
      summary: 'another key is another copy, also at home',
      recipients: [...many(2), { account: id(7), region: 'home', key: 'k', copy: false }],
      want: ['home* copy', 'home share 2', 'home* share 1'],
    },
    {
      summary: 'whoever may copy goes apart from whoever may not',
      recipients: [...many(2), { account: id(7), region: 'home', copy: true }],
      want: ['home share 1 copy', 'home share 2'],
    },
    {
      summary: 'whoever may copy and should not, or the other way round, is shared with again where that is told',
      recipients: [...many(2), { account: id(7), region: 'home', copy: true }],
      present: [{ region: 'home', sharedWith: [id(0), id(1), id(7)], readableBy: [id(0)] }],
      want: ['home share 1 copy', 'home share 1'],
    },
    {
      summary: 'a unit stands for its accounts',
      recipients: [...many(250, { unit: 'production/web' }), { account: id(900), region: 'home', copy: false }],
      units: [UNIT],
      want: ['home share 2'],
    },
    {
      summary: 'a unit does so only where it may',
      recipients: many(2, { unit: 'production', region: 'east' }),
      units: [UNIT],
      want: ['east copy', 'east share 2'],
    },
    {
      summary: 'a unit does so for nobody who may copy: that goes by account',
      recipients: many(2, { unit: 'production', copy: true }),
      units: [UNIT],
      want: ['home share 2 copy'],
    },
    {
      summary: 'what is there already is not done again',
      recipients: [...many(3), ...many(3, { region: 'west' })],
      present: [
        { region: 'home', sharedWith: [id(0), id(1)] },
        { region: 'west', sharedWith: [id(0), id(1), id(2)] },
      ],
      want: ['home share 1'],
    },
    {
      summary: 'who leaves loses it before anybody gains it',
      recipients: many(1),
      present: [{ region: 'home', sharedWith: [id(5), id(6)] }],
      want: ['home revoke 2', 'home share 1'],
    },
    {
      summary: 'a unit that may no longer be named is taken back after its accounts were named one by one',
      recipients: many(2, { unit: 'production' }),
      present: [{ region: 'home', sharedWith: [ARN] }],
      want: ['home share 2', 'home revoke 1'],
    },
    {
      summary: 'accounts that a unit stands for from now on are taken back after it was named',
      recipients: many(2, { unit: 'production' }),
      units: [UNIT],
      present: [{ region: 'home', sharedWith: [id(0), id(1)] }],
      want: ['home share 1', 'home revoke 2'],
    },
  ])('$summary', ({ want, ...request }) => {
    expect(told(request)).toEqual(want);
  });

  test('a thousand accounts in twenty regions: nineteen copies, two hundred calls', () => {
    const regions = ['home', ...Array.from({ length: 19 }, (_, at) => `region-${at}`)];
    const plan = planDistribution({ home: 'home', recipients: regions.flatMap((region) => many(1_000, { region })) });
    expect([plan.accounts, plan.regions]).toEqual([1_000, 20]);
    expect(plan.calls.filter((it) => it.kind === 'copy')).toHaveLength(19);
    expect(plan.calls.filter((it) => it.kind === 'share')).toHaveLength(200);
    expect(new Set(plan.calls.map((it) => it.id)).size).toBe(219);
  });
});

const recipient = fc.record({
  account: fc.integer({ min: 0, max: 8 }).map(id),
  region: fc.constantFrom('home', 'west'),
  unit: fc.constantFrom('production', 'production/web', 'staging', undefined),
  copy: fc.boolean(),
});
const unique = (all: Recipient[]) => [...new Map(all.map((it) => [`${it.account} ${it.region}`, it])).values()];

/** What a registry has after some calls. */
function after(present: readonly Present[], calls: readonly DistributionCall[]): Map<string, Set<string>> {
  const state = new Map(present.map((it) => [it.region, new Set(it.sharedWith)]));
  for (const { kind, region, principals } of calls) {
    const has = state.get(region) ?? new Set();
    state.set(region, has);
    for (const it of principals) kind === 'revoke' ? has.delete(it) : has.add(it);
  }
  return state;
}

test('whatever was there before, exactly the recipients have it afterwards, and then nothing is left to do', () => {
  const shared = fc.uniqueArray(fc.oneof(fc.integer({ min: 0, max: 12 }).map(id), fc.constant(ARN)));
  fc.assert(
    fc.property(fc.array(recipient).map(unique), shared, fc.boolean(), (recipients, sharedWith, whole) => {
      const request = { home: 'home', recipients, units: whole ? [UNIT] : [] };
      const present = [{ region: 'home', sharedWith }];
      const state = after(present, planDistribution({ ...request, present }).calls);
      for (const region of ['home', 'west']) {
        const here = recipients.filter((it) => it.region === region);
        const isIn = (it: Recipient) => whole && !it.copy && (it.unit?.startsWith('production') ?? false);
        const want = new Set(here.map((it) => (isIn(it) ? ARN : it.account)));
        expect(state.get(region) ?? new Set()).toEqual(want);
      }
      const then = [...state].map(([region, has]) => ({ region, sharedWith: [...has] }));
      expect(planDistribution({ ...request, present: then }).calls).toEqual([]);
    }),
  );
});

describe('what would fail is found before', () => {
  const plan = (recipients: Recipient[]) => planDistribution({ home: 'home', recipients });
  test.each([
    { summary: 'nothing', recipients: many(2, { region: 'west' }), means: {}, want: [] },
    {
      summary: 'a region that images are not copied to',
      recipients: [...many(1), ...many(2, { region: 'mars' })],
      means: { regions: ['west'] },
      want: ['mars (2): images are not copied to mars'],
    },
    {
      summary: 'a region without a key, for an encrypted image',
      recipients: many(1, { region: 'west' }),
      means: { encrypted: true, keys: {} },
      want: ['west (1): there is no key to encrypt the copy in west with'],
    },
    {
      summary: 'a key of the target’s own is a key',
      recipients: many(1, { region: 'west', key: 'own' }),
      means: { encrypted: true, keys: {} },
      want: [],
    },
    {
      summary: 'more principals than an image can be shared with',
      recipients: many(600),
      means: { principals: { home: 500 } },
      want: ['home (600): 1100 accounts and units in home are more than the 1000 that one image can be shared with'],
    },
  ])('$summary', ({ recipients, means, want }) => {
    const problems = preflight(plan(recipients), { home: 'home', encrypted: false, ...means });
    expect(problems.map((it) => `${it.region} (${it.accounts.length}): ${it.reason}`)).toEqual(want);
  });
});
