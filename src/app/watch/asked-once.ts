import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { AdvisoryFile } from '../../ports/advisory-source.ts';
import type { Ports } from '../../ports/ports.ts';
import { atOneMoment } from '../sources/at-one-moment.ts';

/**
 * The same ports, but that indexes, advisories and policies are asked for once: all images of one look are judged by the same ones, and a
 * mirror that is away is not asked again for each.
 */
export function askedOnce<P extends Partial<Pick<Ports, 'source' | 'advisories' | 'specs'>>>(ports: P): P {
  const { source, advisories, specs } = ports;
  return {
    ...ports,
    ...(source ? { source: like(source, { indexes: once(source.indexes.bind(source)) }) } : {}),
    ...(specs ? { specs: atOneMoment(specs) } : {}),
    ...(advisories ? { advisories: { open: once<AdvisoryPlace, AdvisoryFile>((it) => advisories.open(it)) } } : {}),
  };
}

/** The object with some members replaced; all others stay where they are. */
const like = <T extends object>(object: T, members: Partial<T>): T => Object.assign(Object.create(object), members);

/** Asks once for each question (as JSON); a failure is an answer, too. */
function once<Q, A>(
  ask: (question: Q, ...others: never[]) => Promise<A>,
): (question: Q, ...others: never[]) => Promise<A> {
  const answers = new Map<string, Promise<A>>();
  return (question, ...others) => {
    const key = JSON.stringify(question);
    const answer = answers.get(key) ?? ask(question, ...others);
    answers.set(key, answer);
    return answer;
  };
}
