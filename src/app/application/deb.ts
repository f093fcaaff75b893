import { join } from 'node:path';
import { readControl, readDebLayout } from '../../formats/archive/deb.ts';
import { formatAlternatives, parseRelations } from '../../formats/debian/relation.ts';
import { parseStanzas } from '../../formats/debian/stanza.ts';
import { KilnError } from '../../model/error.ts';
import type { Alternatives } from '../../model/relation.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Root } from '../../resolver/resolve.ts';

/**
 * What the user's own .deb depends on, as roots; none where `application.from` is something else. Throws PACKAGE_CORRUPT, and
 * SPEC_INVALID for one of another architecture.
 */
export function relationsOfDeb(spec: ImageSpec, directory: string): Root[] {
  const deb = ownDeb(spec, directory);
  if (!deb) return [];
  const { control, by } = deb;
  const architecture = control.get('Architecture') ?? 'all';
  if (architecture !== 'all' && architecture !== spec.os.architecture) {
    throw new KilnError('SPEC_INVALID', `${by} is for ${architecture}, and the image for ${spec.os.architecture}`, {
      hint: `build the package for ${spec.os.architecture}`,
    });
  }
  const itself = namesOf(control, by);
  return ['Pre-Depends', 'Depends'].flatMap((field) =>
    relations(control.get(field), by)
      .filter((group) => !group.some((it) => itself.has(it.name)))
      .map((group): Root => {
        const relation = formatAlternatives(group);
        return { relation, why: { kind: 'evidence', rule: field, by: `application.from: ${by}`, needs: relation } };
      }),
  );
}

function ownDeb({ application: { from } }: ImageSpec, directory: string) {
  if (!from?.path.endsWith('.deb')) return undefined;
  const path = join(directory, from.path);
  const stanza = readControl(path, readDebLayout(path)).get('control')!;
  const control = parseStanzas(stanza.toString('utf8'), { name: path }).next().value;
  if (!control) throw new KilnError('PACKAGE_CORRUPT', `${path} has an empty control file`, { hint: 'make it again' });
  return { by: from.path, control };
}

function namesOf(control: ReadonlyMap<string, string>, by: string): Set<string> {
  const provided = relations(control.get('Provides'), by).flatMap((group) => group.map((it) => it.name));
  return new Set([control.get('Package') ?? '', ...provided]);
}

function relations(field: string | undefined, by: string): Alternatives[] {
  return field === undefined || field.trim() === '' ? [] : parseRelations(field, by);
}
