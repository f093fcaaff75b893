import type { Resolution } from '../../model/spec.ts';
import type { Universe } from '../universe/universe.ts';

/**
 * What a spec's wishes did not bring about in the set that answers it, a line each: names that the sources do not have, avoided
 * packages that are in, preferred ones that are not.
 */
export function unmetWishes(
  universe: Universe,
  { avoid, exclude, prefer, recommends }: Resolution,
  packages: readonly { readonly name: string }[],
): string[] {
  const set = new Set(packages.map((it) => it.name));
  const known = (name: string): boolean => universe.candidate(name) !== undefined;
  const named = { avoid, exclude, prefer, recommends: Array.isArray(recommends) ? recommends : [] };
  const unknown = Object.entries(named).flatMap(([field, names]) =>
    names.filter((it) => !known(it)).map((it) => `resolution.${field}: ${phraseUnknown(universe, it)}`),
  );
  const kept = avoid.filter((it) => set.has(it));
  const passed = prefer.filter((it) => known(it) && !set.has(it));
  return [
    ...unknown,
    ...kept.map((it) => `resolution.avoid: ${it} is in: no valid set has fewer packages that are to be avoided`),
    ...passed.map(
      (it) => `resolution.prefer: ${it} is not in: nothing that is in asks for it, or more wishes are met without it`,
    ),
  ];
}

function phraseUnknown(universe: Universe, name: string): string {
  const providers = [...new Set(universe.providers(name).map(({ record }) => record.name))];
  if (providers.length > 0) return `${name} is a virtual package: name those that provide it, ${some(providers)}`;
  const near = universe.nearest(name);
  return `these sources have no ${name}${near.length > 0 ? `; nearest names: ${near.join(', ')}` : ''}`;
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
