import { KilnError } from '../../model/error.ts';
import type { Alternatives, Relation, VersionOperator } from '../../model/relation.ts';

/** Where a relation stands, for messages: text, or a function where making it costs something. */
export type Place = string | (() => string);

const placeOf = (place: Place): string => (typeof place === 'string' ? place : place());

const RELATION =
  /^([a-zA-Z0-9][a-zA-Z0-9+._-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([0-9A-Za-z][^\s()]*)\s*\))?\s*(?:\[([^\]]*)\])?\s*((?:<[^>]*>\s*)*)$/;

/** The obsolete `<` and `>` mean what dpkg reads in them. */
const OPERATORS: Record<string, VersionOperator> = { '<': '<=', '>': '>=' };

/** Whether an architecture list such as `linux-any !armel` lets `architecture` in (Debian Policy §7.1). */
function architectureListed(list: string, architecture: string): boolean {
  const names = list.trim().split(/\s+/);
  const matches = (name: string): boolean =>
    name === architecture || name === 'any' || name === 'linux-any' || name === `any-${architecture}`;
  const negated = names.every((name) => name.startsWith('!'));
  return negated ? !names.some((name) => matches(name.slice(1))) : names.some(matches);
}

/** Whether a restriction formula `<a !b> <c>` holds when no build profile is active. */
function profilesHold(formula: string): boolean {
  const groups = [...formula.matchAll(/<([^>]*)>/g)];
  return (
    groups.length === 0 ||
    groups.some(([, terms = '']) =>
      terms
        .trim()
        .split(/\s+/)
        .every((it) => it[0] === '!'),
    )
  );
}

/** Parses one relation; undefined where its architecture list or build profile leaves it out. */
function parseRelation(text: string, architecture: string, place: Place): Relation | undefined {
  const match = RELATION.exec(text);
  if (!match) {
    throw new KilnError('INDEX_CORRUPT', `${placeOf(place)}: "${text}" is not a relation`, {
      hint: 'a relation is a name, and optionally a version, such as "libc6 (>= 2.36)"',
    });
  }
  const [, name = '', qualifier, operator = '', version, architectures, profiles = ''] = match;
  if (architectures !== undefined && !architectureListed(architectures, architecture)) return undefined;
  if (profiles !== '' && !profilesHold(profiles)) return undefined;
  const relation: { name: string; qualifier?: string; constraint?: Relation['constraint'] } = { name };
  if (qualifier !== undefined) relation.qualifier = qualifier;
  if (version !== undefined) {
    relation.constraint = { operator: OPERATORS[operator] ?? (operator as VersionOperator), version };
  }
  return relation;
}

/**
 * Parses a relationship field (Debian Policy §7.1) into its groups, in order. Relations that an architecture list or a
 * build profile leaves out are dropped, and groups of which nothing stays. Throws INDEX_CORRUPT, naming the place.
 */
export function parseRelations(field: string, place: Place, architecture = 'amd64'): Alternatives[] {
  const groups: Alternatives[] = [];
  for (const groupText of field.split(',')) {
    if (groupText.trim() === '') continue;
    const group: Relation[] = [];
    for (const text of groupText.split('|')) {
      const relation = parseRelation(text.trim(), architecture, place);
      if (relation) group.push(relation);
    }
    if (group.length > 0) groups.push(group);
  }
  return groups;
}

/** A relation as a control file writes it: `name:any (>= 1.2)`. */
export function formatRelation(relation: Relation): string {
  const qualifier = relation.qualifier === undefined ? '' : `:${relation.qualifier}`;
  const constraint = relation.constraint ? ` (${relation.constraint.operator} ${relation.constraint.version})` : '';
  return `${relation.name}${qualifier}${constraint}`;
}

/** A group as a control file writes it: `a | b (>= 2)`. */
export function formatAlternatives(group: Alternatives): string {
  return group.map(formatRelation).join(' | ');
}
