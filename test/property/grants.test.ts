import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AdvisedWorld, advisedWorld } from '../support/advised-world.ts';
import { OUTSIDER, SHOP, STAGING } from '../support/image-world.ts';

/** What a sequence of changes came to, told in the simplest terms: what the files of now say. */
interface State {
  /** Known accounts, and whether each lies in the unit that the spec names. */
  accounts: Record<string, boolean>;
  /** Grades of the open vulnerability of a package in the image; undefined: none is known. */
  grade?: 'low' | 'medium' | 'critical';
  /** Gravest that the organisation lets through. */
  limit: 'none' | 'low' | 'medium' | 'critical';
  waived: boolean;
  /** Account whose own policy refuses the image. */
  own?: string;
  /** The organisation's policy asks for what the image has not. */
  strict: boolean;
  /** A test of the spec by this name, which fails if it is `bad`. */
  test: 'good' | 'bad';
  /** The policy file is no YAML: what it said last stays in force. */
  broken: boolean;
}

const GRADES = ['none', 'low', 'medium', 'critical'];

function permitted(state: State): string[] {
  const grave = GRADES.indexOf(state.grade ?? 'none') > GRADES.indexOf(state.limit) && !state.waived;
  if (state.strict || grave || state.test === 'bad') return [];
  return Object.entries(state.accounts)
    .filter(([account, named]) => named && account !== state.own)
    .map(([account]) => account)
    .sort();
}

function write(world: AdvisedWorld, state: State, part: keyof State): void {
  const { accounts, grade, limit, waived, own, strict, broken } = state;
  if (part === 'accounts') {
    const lines = Object.entries(accounts).map(
      ([id, named]) => `  - { id: "${id}", name: a, organizationalUnit: ${named ? 'production' : 'partners'} }\n`,
    );
    world.write('accounts.yaml', lines.length > 0 ? `accounts:\n${lines.join('')}` : 'accounts: []\n');
  }
  if (part === 'grade') {
    const entry = { releases: { bookworm: { status: 'open', urgency: grade === 'critical' ? 'high' : grade } } };
    const found = grade === undefined ? {} : { libapp1: { 'CVE-2026-1': entry } };
    const critical = {
      id: 'CVE-2026-1',
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
    };
    const affected = [
      {
        package: { ecosystem: 'Debian:12', name: 'libapp1' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }],
      },
    ];
    world.write('policies/known.json', JSON.stringify(grade === 'critical' ? [{ ...critical, affected }] : found));
  }
  if (part === 'test') {
    const spec = 'name: app\napplication: { packages: [app], run: { unit: app.service }, ports: [8080] }\n';
    world.write(
      'image.yaml',
      `${spec}distribute: { organizationalUnits: [production] }\ntests: [{ name: ${state.test}, tcp: { port: 8080 } }]\n`,
    );
  }
  const rules = [
    `  - { rule: no-known-vulnerability, parameters: { limit: ${limit} } }\n`,
    ...(strict ? ['  - { id: strict, title: nothing is in, require: "size(packages) == 0" }\n'] : []),
  ];
  const waiver =
    '  - { rule: no-known-vulnerability, vulnerability: CVE-2026-1, owner: o, reason: r, expires: 2027-01-01 }\n';
  const text = `name: organisation\nadvisories: [{ file: known.json }]\nrules:\n${rules.join('')}${waived ? `waivers:\n${waiver}` : ''}`;
  world.write('policies/organisation.yaml', broken ? 'name: [' : text);
  const refusal = 'rules: [{ id: never, title: never, require: "false" }]';
  world.write(
    'policies/own.yaml',
    own === undefined ? null : `name: own\nscope: { accounts: ["${own}"] }\n${refusal}\n`,
  );
}

const account = fc.constantFrom(SHOP, STAGING, OUTSIDER);
const change = fc.oneof(
  fc.record({ accounts: fc.dictionary(account, fc.boolean(), { noNullPrototype: true }) }),
  fc.record({ grade: fc.constantFrom(undefined, 'low' as const, 'medium' as const, 'critical' as const) }),
  fc.record({ limit: fc.constantFrom('none' as const, 'low' as const, 'medium' as const, 'critical' as const) }),
  fc.record({ waived: fc.boolean() }),
  fc.record({ own: fc.option(account, { nil: undefined }) }),
  fc.record({ strict: fc.boolean() }),
  fc.record({ test: fc.constantFrom('good' as const, 'bad' as const) }),
  fc.record({ broken: fc.boolean() }),
);

/** Changes that happen between two looks. */
const turn = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  killedAt: fc.option(fc.nat(12), { nil: undefined }),
});

test('no sequence of changes leaves a grant that the policies in force deny, nor withholds one that they permit', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 5 }), async (turns) => {
      const world = advisedWorld();
      world.failing.add('bad');
      const state: State = {
        accounts: { [SHOP]: true },
        limit: 'medium',
        waived: false,
        strict: false,
        test: 'good',
        broken: false,
      };
      for (const part of ['accounts', 'grade', 'test'] as const) write(world, state, part);
      await world.publish();
      await world.look();
      let inForce = structuredClone(state);
      for (const { changes, killedAt } of turns) {
        for (const it of changes) {
          Object.assign(state, it);
          write(world, state, Object.keys(it)[0] as keyof State);
        }
        if (killedAt !== undefined) await world.lookUntilKilled(killedAt);
        await world.look();
        inForce = inForceNow(inForce, state);
        const want = permitted(inForce);
        expect(await world.granted()).toEqual({ catalog: want, registry: want });
      }
      world.close();
    }),
    { numRuns: 12 },
  );
});

/** While a policy file is wrong, all policy files are as they were; accounts, advisories and tests are not policies. */
function inForceNow(before: State, now: State): State {
  if (!now.broken) return structuredClone(now);
  const { limit, waived, strict, own } = before;
  return { ...structuredClone(now), limit, waived, strict, own };
}
