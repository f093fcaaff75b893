import { z } from 'zod';
import { definitionOf, expectation, unwrapped } from '../../formats/text/schema-words.ts';
import { imageSpec } from '../../model/spec.ts';

const BEGIN = '<!-- reference: written by npm run schema -->';
const END = '<!-- end of the reference -->';

/** A document with its reference section written anew. Throws `Error` where it has no marks. */
export function withReference(document: string): string {
  const [head, rest] = document.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (tail === undefined) throw new Error(`internal: the document lacks ${BEGIN} or ${END}`);
  return `${head}${BEGIN}\n\n${specReference().join('\n')}\n\n${END}${tail}`;
}

/** Every key of image.yaml with what fits, its default and its meaning, as Markdown. */
function specReference(): string[] {
  return [...rowsOf(imageSpec, '')].map(({ path, fits, fallback, meaning }) => {
    const defaults = fallback === undefined ? '' : `, default \`${fallback}\``;
    return `- **\`${path}\`**: ${[meaning, `${fits}${defaults}`].filter((it) => it !== '').join(' · ')}`;
  });
}

interface Row {
  readonly path: string;
  readonly fits: string;
  readonly fallback?: string;
  readonly meaning: string;
}

function* rowsOf(schema: z.core.$ZodType, path: string): Generator<Row> {
  const definition = definitionOf(unwrapped(schema));
  if (definition.options) {
    for (const option of definition.options) if (definitionOf(unwrapped(option)).shape) yield* rowsOf(option, path);
  } else if (definition.shape) {
    for (const [key, child] of Object.entries(definition.shape)) {
      const place = path === '' ? key : `${path}.${key}`;
      // Members that all tests have are told with the first kind only.
      if (path === 'tests[]' && (key === 'name' || key === 'timeout') && !('http' in definition.shape)) continue;
      yield { path: place, fits: fitsOf(child), fallback: defaultOf(child), meaning: meaningOf(child) };
      yield* rowsOf(child, place);
    }
  } else if (definition.element) {
    yield* rowsOf(definition.element, `${path}[]`);
  }
}

function fitsOf(schema: z.core.$ZodType): string {
  const plain = unwrapped(schema);
  const options = definitionOf(plain).options ?? [plain];
  const words = expectation(options.map(unwrapped));
  return definitionOf(schema).type === 'optional' ? `${words}, may be left out` : words;
}

function defaultOf(schema: z.core.$ZodType): string | undefined {
  const { type, defaultValue } = schema._zod.def as { type: string; defaultValue?: unknown };
  const empty = typeof defaultValue === 'object' && defaultValue !== null && Object.keys(defaultValue).length === 0;
  return type === 'default' && !empty ? JSON.stringify(defaultValue).replaceAll('"', '') : undefined;
}

function meaningOf(schema: z.core.$ZodType): string {
  const own = z.globalRegistry.get(schema as z.ZodType)?.description;
  const inner = definitionOf(schema).innerType;
  return own ?? (inner ? meaningOf(inner) : '');
}
