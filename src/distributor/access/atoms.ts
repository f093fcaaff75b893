import { type PolicyJson, prepare } from './cedar.ts';
import { isNode, mentions, mentionsPerson, mentionsRegion } from './looks-at.ts';

/**
 * What of some policies depends on who asks, and on the place. Two questions for which all atoms come out alike have one answer: the rest
 * of the policies sees no difference between them. Each is a policy of its own, so that Cedar itself says how it comes out.
 */
export interface Atoms {
  /** Conditions on the principal: which one it is, where it lies, its name, its labels. */
  readonly people: readonly PolicyJson[];
  /** Conditions on the place of the copy. */
  readonly places: readonly PolicyJson[];
  /** Some condition asks for both at once: then each principal in each place is a question of its own. */
  readonly mixed: boolean;
  /** Some condition asks for the action, too. */
  readonly byAction: boolean;
  /** Some condition asks for more of the principal than where it lies. */
  readonly byPerson: boolean;
}

export function atomsOf(policies: readonly PolicyJson[]): Atoms {
  const conditions = policies.flatMap((it) => it.conditions.flatMap(({ body }) => apart(body)));
  const ofPeople = conditions.filter((it) => mentions(it, 'principal'));
  const ofPlaces = conditions.filter((it) => mentionsRegion(it));
  const scopes = policies.flatMap(({ principal }) => (principal.op === 'All' ? [] : [{ ...ANY, principal }]));
  return {
    people: distinct([...scopes, ...ofPeople.map(policyWhen)]),
    places: distinct(ofPlaces.map(policyWhen)),
    mixed: ofPlaces.some((it) => mentions(it, 'principal')),
    byAction: [...ofPeople, ...ofPlaces].some((it) => mentions(it, 'action')),
    byPerson: ofPeople.some(mentionsPerson),
  };
}

const CONNECTIVES = ['&&', '||', '!', 'if-then-else'];

/** Conditions that take no `&&`, `||`, `!` or `if` apart, as Cedar's JSON. */
function apart(node: unknown): Readonly<Record<string, unknown>>[] {
  if (!isNode(node)) return [];
  const connective = CONNECTIVES.find((it) => isNode(node[it]));
  return connective === undefined ? [node] : Object.values(node[connective] as object).flatMap(apart);
}

const ANY: PolicyJson = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
};

const policyWhen = (body: unknown): PolicyJson => ({ ...ANY, conditions: [{ kind: 'when', body }] }) as PolicyJson;

const distinct = (policies: readonly PolicyJson[]): PolicyJson[] => [
  ...new Map(policies.map((it) => [JSON.stringify(it), it])).values(),
];

/** What a condition looks at. */
export type Part = 'people' | 'places';

/** Under which name the atoms of one part are prepared. */
export const nameOfSet = (digest: string, part: Part): string => `${digest} ${part}`;

/** Prepares the atoms of some policies to be asked one by one. */
export function prepareAtoms(digest: string, atoms: Atoms): void {
  for (const part of ['people', 'places'] as const)
    prepare(nameOfSet(digest, part), Object.fromEntries(atoms[part].map((it, index) => [`${index}`, it])));
}
