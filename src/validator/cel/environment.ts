import { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { compareVersions } from '../../formats/debian/version.ts';
import { type Inventory, inventory } from '../../model/inventory.ts';
import { fitsGlob } from '../glob.ts';

/** The part of JSON Schema that the inventory's schema uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
}

const root = z.toJSONSchema(inventory, { io: 'output' }) as Schema;

/** Longest expression and deepest nesting; far above what a person writes. */
const LIMITS = { maxAstNodes: 2_000, maxDepth: 64 };

/** Name of a variable or field, and what CEL knows of it; `list<Files>` is a list of the records that are described as `Files`. */
export interface CelField {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

/** Records that expressions see, by type name, and the variables themselves under ''. */
export function celTypes(): Map<string, CelField[]> {
  const types = new Map<string, CelField[]>([['', []]]);
  describe(root, '', types);
  return types;
}

/** Expressions over the inventory: its fields are variables, typed by its schema; `fits`, `within` and `olderThan` are Kiln's own. */
export function celEnvironment(): Environment {
  const environment = new Environment({
    limits: LIMITS,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  });
  const types = celTypes();
  for (const [name, fields] of [...types].reverse()) {
    if (name !== '')
      environment.registerType(name, { fields: Object.fromEntries(fields.map((it) => [it.name, it.type])) });
  }
  for (const { name, type, description } of types.get('')!) environment.registerVariable(name, type, { description });
  return environment
    .registerFunction('string.fits(string): bool', (path: string, pattern: string) => fitsGlob(path, pattern))
    .registerFunction('string.within(string): bool', isWithin)
    .registerFunction(
      'string.olderThan(string): bool',
      (version: string, other: string) => compareVersions(version, other) < 0,
    );
}

/** An inventory as expressions see it: whole numbers are CEL's int. Made once for all inventories that differ in nothing but these. */
export function celContext(facts: Inventory): Record<string, unknown> {
  let context = contexts.get(facts.files);
  if (!context) {
    context = convert(facts, root) as Record<string, unknown>;
    contexts.set(facts.files, context);
  }
  return { ...context, ...convertParts(facts, ['vulnerabilities', 'vulnerabilitiesKnown', 'listening']) };
}

const contexts = new WeakMap<Inventory['files'], Record<string, unknown>>();

/** What is known of an image only later, and is not the same for every pack. */
function convertParts(facts: Inventory, parts: readonly (keyof Inventory)[]): Record<string, unknown> {
  return Object.fromEntries(parts.map((part) => [part, convert(facts[part], root.properties![part]!)]));
}

function describe(schema: Schema, name: string, types: Map<string, CelField[]>): void {
  const fields = Object.entries(schema.properties ?? {}).map(([key, property]) => ({
    name: key,
    type: typeOf(property, typeName(name, key), types),
    description: property.description ?? property.items?.description ?? '',
  }));
  types.set(name, fields);
}

/** `files` becomes `File`, `tls` `Tls`, and `commands` of a unit `UnitCommand`. */
function typeName(parent: string, key: string): string {
  return (
    parent +
    key[0]!.toUpperCase() +
    key
      .slice(1)
      .replace(/ies$/, 'y')
      .replace(/(?<!s|tl)s$/, '')
  );
}

function typeOf(schema: Schema, name: string, types: Map<string, CelField[]>): string {
  if (schema.type === 'integer') return 'int';
  if (schema.type === 'boolean') return 'bool';
  if (schema.type === 'array') return `list<${typeOf(schema.items!, name, types)}>`;
  if (schema.properties) {
    describe(schema, name, types);
    return name;
  }
  if (schema.additionalProperties) return `map<string, ${typeOf(schema.additionalProperties, name, types)}>`;
  return 'string';
}

function convert(value: unknown, schema: Schema): unknown {
  if (schema.type === 'integer') return BigInt(value as number);
  if (schema.type === 'array') return (value as unknown[]).map((item) => convert(item, schema.items!));
  if (!schema.properties) return value;
  const record = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([key, property]) => [key, convert(record[key], property)]),
  );
}

/** Whether a mode gives no right that another does not: 0640 is within 0644. */
function isWithin(mode: string, limit: string): boolean {
  return (Number.parseInt(mode, 8) & ~Number.parseInt(limit, 8)) === 0;
}
