import type { AccessPolicies } from './access-policies.ts';
import { nameOfSet, type Part } from './atoms.ts';
import { authorize } from './cedar.ts';
import { type Answer, decide, type Principal, type Question, requestOf } from './decide.ts';

/** Answers questions about one version at one moment. */
export type Asker = (question: Pick<Question, 'principal' | 'action' | 'region'>) => Answer;

/**
 * Asks access policies, each question once for all that it is the same for: principals for whom every condition on people comes out
 * alike, in places for which every condition on places does. A thousand accounts in twenty regions are then a few questions.
 */
export function makeAsker(policies: AccessPolicies, { facts, now }: Pick<Question, 'facts' | 'now'>): Asker {
  const { atoms, digest, looksAt } = policies;
  const outcomes = { people: new Map<string, string>(), places: new Map<string, string>() };
  const outcome = (part: Part, of: string, question: Question): string => {
    if (atoms[part].length === 0) return '';
    const key = atoms.byAction ? `${question.action} ${of}` : of;
    const known = outcomes[part].get(key) ?? comesOut(nameOfSet(digest, part), question);
    outcomes[part].set(key, known);
    return known;
  };
  const answers = new Map<string, Answer>();
  return (asked) => {
    const question = { ...asked, facts, now };
    const { principal, action, region } = question;
    const apart = atoms.byPerson || 'unit' in principal || looksAt.accounts.has(principal.account.id);
    const who = apart ? nameOf(principal) : `some account of ${principal.account.organizationalUnit}`;
    const differs = atoms.mixed
      ? `${nameOf(principal)} ${region}`
      : `${outcome('people', who, question)}\n${outcome('places', region, question)}`;
    const name = `${action}\n${differs}`;
    const answer = answers.get(name) ?? decide(policies, question);
    answers.set(name, answer);
    return answer;
  };
}

const nameOf = (principal: Principal): string =>
  'unit' in principal ? `unit ${principal.unit}` : principal.account.id;

/** How each prepared atom comes out: true, false, or an error. */
function comesOut(set: string, question: Question): string {
  const { reasons, failed } = authorize(set, requestOf(question));
  return `${reasons.join()} ! ${failed.sort().join()}`;
}
