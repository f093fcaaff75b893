import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { AdvisoryFile } from '../../ports/advisory-source.ts';
import type { Ports } from '../../ports/ports.ts';
import { atOneMoment } from '../sources/at-one-moment.ts';

/**
 * The same ports, but that indexes, advisories, policies, the lists of images and of what is published are asked for once: all images of one look are
 * judged by the same ones, and a mirror that is away is not asked again for each.
 */
export function askedOnce<P extends Partial<Pick<Ports, 'catalog' | 'source' | 'advisories' | 'specs'>>>(ports: P): P {
  const { catalog, source, advisories, specs } = ports;
  return {
    ...ports,
    ...(catalog ? { catalog: listedOnce(catalog) } : {}),
    ...(source ? { source: like(source, { indexes: once(source.indexes.bind(source)) }) } : {}),
    ...(specs ? { specs: atOneMoment(specs) } : {}),
    ...(advisories ? { advisories: { open: once<AdvisoryPlace, AdvisoryFile>((it) => advisories.open(it)) } } : {}),
  };
}

/** The object with some members replaced; all others stay where they are. */
const like = <T extends object>(object: T, members: Partial<T>): T => Object.assign(Object.create(object), members);

function listedOnce(catalog: Ports['catalog']): Ports['catalog'] {
  const listImages = once((_: undefined) => catalog.listImages());
  return like(catalog, {
    listImages: () => listImages(undefined),
    listAliased: once(catalog.listAliased.bind(catalog)),
  });
}

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
