import type { z } from 'zod';

/** A schema's own description of itself, as zod 4 keeps it. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly checks?: readonly z.core.$ZodCheck[];
}

export function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}

/** The schema without what only says that it may be absent, and what is used then. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const definition = definitionOf(schema);
  const inner = definition.innerType ?? (definition.type === 'pipe' ? definition.in : undefined);
  return inner ? unwrapped(inner) : schema;
}

/** Schemas that a value at `path` may follow: one, or several below a union. [] where the path leads nowhere. */
export function schemasAt(schema: z.core.$ZodType, path: readonly (string | number)[]): z.core.$ZodType[] {
  const alternatives = alternativesOf(schema);
  const [segment, ...rest] = path;
  if (segment === undefined) return alternatives;
  return alternatives.flatMap((it) => {
    const definition = definitionOf(it);
    const shape = definition.shape;
    const child = shape
      ? Object.hasOwn(shape, segment) && shape[segment]
      : (definition.element ?? definition.valueType);
    return child ? schemasAt(child, rest) : [];
  });
}

function alternativesOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const plain = unwrapped(schema);
  return definitionOf(plain).options?.flatMap(alternativesOf) ?? [plain];
}

/** Keys that a map at `path` may have. */
export function keysAt(schema: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  return [...new Set(schemasAt(schema, path).flatMap((it) => Object.keys(definitionOf(it).shape ?? {})))];
}

/** What is expected, in a reader's words: `a list of text`, `a map with http, tcp, command or console`. */
export function expectation(schemas: readonly z.core.$ZodType[]): string {
  const maps = schemas.filter((it) => definitionOf(it).shape);
  const others = schemas.filter((it) => !definitionOf(it).shape).map(wordOf);
  const map = maps.length > 0 ? [mapWord(maps)] : [];
  return joinWords([...new Set([...others, ...map])], 'or');
}

// Keys that must be there, or, where maps differ, the key that tells each from the others.
function mapWord(maps: readonly z.core.$ZodType[]): string {
  const required = maps.map((it) => Object.entries(definitionOf(it).shape!).filter(([, value]) => !isOptional(value)));
  const names = [...new Set(required.flat().map(([name]) => name))];
  return names.length === 0 ? 'a map' : `a map with ${joinWords(names, maps.length > 1 ? 'or' : 'and')}`;
}

function isOptional(schema: z.core.$ZodType): boolean {
  return ['optional', 'default', 'prefault'].includes(definitionOf(schema).type);
}

function wordOf(schema: z.core.$ZodType): string {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'string':
      return patternWord(definition) ?? 'text';
    case 'number':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return listWord(expectation(alternativesOf(definition.element!)));
    case 'record':
      return `a map of ${expectation(alternativesOf(definition.valueType!))}`;
    case 'enum':
      return joinWords(Object.values(definition.entries!).map(String), 'or');
    case 'literal':
      return joinWords(definition.values!.map(String), 'or');
    default:
      return definition.type;
  }
}

function listWord(element: string): string {
  return element === 'text' ? 'a list of text' : `a list, each entry ${element}`;
}

// A pattern's own message says more than 'text': `a duration such as 90s or 5m`.
function patternWord(definition: Definition): string | undefined {
  for (const check of definition.checks ?? []) {
    const sayError = check._zod.def.error as ((issue: object) => string | { message: string } | undefined) | undefined;
    const message = sayError?.({});
    if (message) return typeof message === 'string' ? message : message.message;
  }
  return undefined;
}

/** `a`, `a or b`, `a, b or c`. */
export function joinWords(words: readonly string[], last: 'or' | 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
