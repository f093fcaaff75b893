import { readFileSync } from 'node:fs';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeAsker } from '../../../src/distributor/access/ask.ts';
import { decide, entitiesOf, type Question } from '../../../src/distributor/access/decide.ts';
import { DEFAULT_ACCESS } from '../../../src/distributor/access/default-policy.ts';
import { loadAccess } from '../../../src/distributor/access/load-access.ts';
import { ACCESS_SCHEMA } from '../../../src/distributor/access/schema.ts';
import type { ImageFacts } from '../../../src/model/access.ts';
import type { Account } from '../../../src/model/account.ts';

const ACCOUNT: Account = {
  id: '111111111111',
  name: 'shop',
  organizationalUnit: 'production/web',
  labels: { tier: 'gold' },
};
const TWIN: Account = { ...ACCOUNT, id: '444444444444', name: 'twin' };
const BARE: Account = { id: '222222222222', name: 'bare' };
const ACCOUNTS = [ACCOUNT, BARE, TWIN];

const FACTS: ImageFacts = {
  image: 'web',
  version: 3,
  labels: { tier: 'web' },
  release: 'bookworm',
  architecture: 'amd64',
  createdAt: '2026-01-01T00:00:00.000Z',
  encrypted: true,
  testsPassed: true,
  tests: ['it answers'],
  packsPassed: true,
  packs: ['baseline', 'runs'],
  vulnerabilities: { known: true, worst: 'high', critical: 0, high: 2, medium: 1, low: 0 },
};

const policiesOf = (text: string) => loadAccess([{ name: 'a.cedar', bytes: Buffer.from(text) }], ACCOUNTS);
const question = (change: Partial<Question> = {}): Question => ({
  principal: { account: ACCOUNT },
  action: 'launch',
  facts: FACTS,
  region: 'eu-west-1',
  now: Date.parse('2026-01-11T12:00:00Z'),
  ...change,
});
const allows = (condition: string, change: Partial<Question> = {}) =>
  decide(policiesOf(`permit (principal, action, resource) when { ${condition} };`), question(change)).allowed;

test.each([
  'principal in Unit::"production"',
  'principal in Unit::"production/web"',
  'principal is Account && principal.name == "shop"',
  'principal is Account && principal.hasTag("tier") && principal.getTag("tier") == "gold"',
  'principal == Account::"111111111111"',
  'resource == Version::"web@3"',
  'resource in Image::"web"',
  'resource.number == 3 && resource.release == "bookworm" && resource.architecture == "amd64"',
  'resource.ageDays == 10',
  'resource.testsPassed && resource.tests.contains("it answers")',
  'resource.packsPassed && resource.packs.contains("baseline")',
  'resource.vulnerabilities.known && resource.vulnerabilities.worst == "high"',
  'resource.vulnerabilities.critical == 0 && resource.vulnerabilities.high == 2',
  'resource.vulnerabilities.medium == 1 && resource.vulnerabilities.low == 0',
  'resource.hasTag("tier") && resource.getTag("tier") == "web"',
  'context.region == "eu-west-1" && context.encrypted',
])('a policy can ask: %s', (condition) => {
  expect(allows(condition)).toBe(true);
  expect(allows(`!(${condition})`)).toBe(false);
});

test.each([
  { summary: 'an account is in no unit that it does not state', principal: { account: BARE }, allowed: false },
  { summary: 'a unit is in itself', principal: { unit: 'production' }, allowed: true },
  { summary: 'a unit is in the one above it', principal: { unit: 'production/web/a' }, allowed: true },
  { summary: 'a unit is not in one whose name only begins so', principal: { unit: 'production2' }, allowed: false },
])('$summary', ({ principal, allowed }) => {
  expect(allows('principal in Unit::"production"', { principal })).toBe(allowed);
});

test('a policy that fails while it is evaluated lets nothing through', () => {
  const text =
    'permit (principal, action, resource);\n@id("odd") forbid (principal, action, resource) when { 9223372036854775807 + resource.number > 0 };';
  expect(decide(policiesOf(text), question())).toMatchObject({
    allowed: false,
    reason: 'odd (a.cedar:2) failed while it was evaluated',
  });
});

test('the schema of the repository, the example and what is in force without one are the same texts as here', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  expect(read('examples/policies/access.cedar')).toBe(DEFAULT_ACCESS);
  expect(read('schemas/access.cedarschema')).toBe(ACCESS_SCHEMA);
});

test('the policies that docs/access.md shows are right', () => {
  const document = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8');
  const block = document.split('    // policies/access.cedar\n')[1]?.split('\n| action')[0] ?? '';
  const { policies, warnings } = loadAccess(
    [{ name: 'access.cedar', bytes: Buffer.from(block) }],
    [ACCOUNT, BARE, { id: '333333333333', name: 'partner', organizationalUnit: 'partners' }],
  );
  expect([...policies.keys()]).toEqual([
    'tested',
    'production-is-recent-and-clean',
    'partners-stay-in-europe',
    'staging-copies',
  ]);
  expect(warnings).toEqual([]);
});

test('a policy that only moved in its file decides as it did', () => {
  expect(policiesOf(`\n\n// other words\n${DEFAULT_ACCESS}`).digest).toBe(loadAccess([], ACCOUNTS).digest);
});

test('policies that name one account never touch another', () => {
  const condition = fc.constantFrom(
    'true',
    'resource.testsPassed',
    '!resource.packsPassed',
    'context.region == "eu-west-1"',
  );
  const action = fc.constantFrom('action', 'action == Action::"launch"', 'action in [Action::"share", Action::"copy"]');
  const rule = (who: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom('permit', 'forbid'), who, action, condition)
      .map(([effect, principal, what, when]) => `${effect} (${principal}, ${what}, resource) when { ${when} };`);
  const common = rule(
    fc.constantFrom('principal', 'principal in Unit::"production"', `principal == Account::"${TWIN.id}"`),
  );
  const own = rule(fc.constant(`principal == Account::"${ACCOUNT.id}"`));
  const asked = fc.constantFrom('launch', 'share', 'copy') as fc.Arbitrary<Question['action']>;
  fc.assert(
    fc.property(
      fc.array(common, { maxLength: 4 }),
      fc.array(own, { minLength: 1, maxLength: 4 }),
      asked,
      (base, more, to) => {
        for (const account of [TWIN, BARE]) {
          const ask = question({ principal: { account }, action: to });
          const before = decide(policiesOf(base.join('\n')), ask).allowed;
          expect(decide(policiesOf([...more, ...base].join('\n')), ask).allowed).toBe(before);
        }
      },
    ),
    { numRuns: 50 },
  );
});

describe('one decision serves all whom the policies do not tell apart', () => {
  const GOLD: Account = { ...BARE, id: '555555555555', name: 'gold', labels: { tier: 'gold', home: 'eu-west-1' } };
  const ABROAD: Account = { ...GOLD, id: '666666666666', name: 'shop-abroad', organizationalUnit: 'production' };
  const everybody: Question['principal'][] = [
    ...[ACCOUNT, BARE, TWIN, GOLD, ABROAD].map((account) => ({ account })),
    { unit: 'production' },
  ];
  const conditions = [
    'resource.testsPassed',
    'principal in Unit::"production"',
    'principal is Account && principal.name == "shop"',
    'principal is Account && principal.name like "shop*"',
    'principal is Account && principal.hasTag("tier") && principal.getTag("tier") == "gold"',
    // Fails while it is evaluated.
    'principal is Account && principal.name == "twin" && resource.ageDays * 9223372036854775807 > 5',
    'principal == Account::"111111111111"',
    'principal is Account && [Account::"111111111111", Account::"444444444444"].contains(principal)',
    'context.region like "eu-*"',
    'context.encrypted',
    'context == {region: "us-east-1", encrypted: true}',
    'principal is Account && principal.hasTag("home") && principal.getTag("home") == context.region',
    'action == Action::"launch" || context.region == "us-east-1"',
  ];
  const either = fc.constantFrom(...conditions);
  const composed = fc.tuple(either, fc.constantFrom('&&', '||'), either).map(([a, how, b]) => `(${a}) ${how} !(${b})`);
  const policy = fc
    .tuple(fc.constantFrom('permit', 'forbid'), fc.constantFrom('when', 'unless'), fc.oneof(either, composed))
    .map(([effect, how, condition]) => `${effect} (principal, action, resource) ${how} { ${condition} };`);

  test('and it is the one that each would have had', () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 4 }), (texts) => {
        const policies = loadAccess([{ name: 'a.cedar', bytes: Buffer.from(texts.join('\n')) }], ACCOUNTS);
        const ask = makeAsker(policies, question());
        for (const principal of everybody)
          for (const action of ['launch', 'copy'] as const)
            for (const region of ['eu-west-1', 'eu-north-1', 'us-east-1']) {
              const asked = { principal, action, region };
              expect(ask(asked), `${texts} ${JSON.stringify(asked)}`).toEqual(decide(policies, question(asked)));
            }
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    {
      summary: 'by name and by place, in one policy',
      condition: 'principal is Account && principal.name like "shop*" && context.region like "eu-*"',
      mixed: false,
      atoms: [2, 1],
    },
    { summary: 'by nothing that differs', condition: 'resource.testsPassed', mixed: false, atoms: [0, 0] },
    {
      summary: 'each in its own place',
      condition: 'principal is Account && principal.hasTag("home") && principal.getTag("home") == context.region',
      mixed: true,
      atoms: [3, 1],
    },
  ])('told apart $summary', ({ condition, mixed, atoms }) => {
    const found = policiesOf(`permit (principal, action, resource) when { ${condition} };`).atoms;
    expect([found.people.length, found.places.length]).toEqual(atoms);
    expect(found.mixed).toBe(mixed);
  });
});

test.each([{ account: ACCOUNT }, { account: BARE }, { unit: 'production/web' }])(
  'what is told of %o fits the schema',
  (principal) => {
    const entities = entitiesOf(question({ principal }));
    expect(cedar.checkParseEntities({ entities, schema: ACCESS_SCHEMA })).toEqual({ type: 'success' });
  },
);
