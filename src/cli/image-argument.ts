import { existsSync } from 'node:fs';
import { withRunSuggested } from '../app/init-spec/suggest-run.ts';
import { KilnError } from '../model/error.ts';
import type { LocalKiln } from './compose.ts';

/** The image that an argument means: the path of a spec or of its folder, or the name of an image that is known. Throws NOT_FOUND. */
export async function imageOf(kiln: LocalKiln, argument: string): Promise<string> {
  const known = await kiln.ports.catalog.getImage(argument);
  const looksLikePath = argument.includes('/') || /\.ya?ml$/.test(argument) || argument === '.';
  if (looksLikePath || (!known && existsSync(argument))) return addSpec(kiln, argument);
  if (known) return known.name;
  const names = (await kiln.ports.catalog.listImages()).map((it) => it.name);
  throw new KilnError('NOT_FOUND', `${argument} is neither a spec nor a known image`, {
    hint: names.length > 0 ? `known images: ${names.join(', ')}` : 'kiln init PATH drafts a spec from an application',
  });
}

/** A spec that lacks what runs is told what would. */
async function addSpec(kiln: LocalKiln, path: string): Promise<string> {
  return kiln.addSpec(path).catch(async (fault) => {
    throw await withRunSuggested(kiln.ports, path, fault);
  });
}
