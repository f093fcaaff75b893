import { parseRelations } from '../../formats/debian/relation.ts';
import { parseStanzas } from '../../formats/debian/stanza.ts';
import { KilnError } from '../../model/error.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { PackageSource } from '../../ports/package-source.ts';

/**
 * What the application's own packages recommend and the image has not, one sentence a package: suspects where a service does not
 * start. Of a package that is not at hand any more nothing is said.
 */
export async function recommendedAbsent(
  source: Pick<PackageSource, 'open'>,
  { application }: Pick<ImageSpec, 'application'>,
  lock: Pick<Lock, 'packages'>,
): Promise<string[]> {
  const there = new Set(lock.packages.map((it) => it.name));
  const roots = new Set(application.packages.map((it) => it.split(/[ :(]/)[0]!));
  const found = await Promise.all(
    lock.packages
      .filter((it) => roots.has(it.name))
      .map(async (deb) => {
        const groups = await recommendsOf(source, deb);
        const absent = groups.filter((group) => !group.some((it) => there.has(it)));
        return absent.map(
          ([first]) => `${deb.name} recommends ${first}, which is not in: resolution.include: [${first}]`,
        );
      }),
  );
  return found.flat();
}

async function recommendsOf(source: Pick<PackageSource, 'open'>, deb: LockedDeb): Promise<string[][]> {
  const contents = await source.open(deb).catch((error) => {
    if (error instanceof KilnError) return undefined;
    throw error;
  });
  const [stanza] = parseStanzas(contents?.control.get('control') ?? '');
  const field = stanza?.get('Recommends') ?? '';
  return parseRelations(field, `${deb.name}, Recommends`).map((group) => group.map((it) => it.name));
}
