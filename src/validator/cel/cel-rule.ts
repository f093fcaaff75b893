import type { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { digestOf } from '../../model/canonical.ts';
import type { CelRule } from '../../model/policy.ts';
import {
  answer,
  defineInventoryRule,
  type InventoryContext,
  notApplicable,
  type Observation,
  type Rule,
} from '../rule.ts';
import { celContext, celEnvironment } from './environment.ts';

type Expression = (context: Record<string, unknown>) => unknown;
type Tell = (path: readonly (string | number)[], message: string, hint?: string) => void;

interface Program {
  readonly applies?: Expression;
  readonly each?: Expression;
  readonly where?: Expression;
  readonly require: Expression;
  readonly file?: Expression;
  readonly seen?: Expression;
}

let shared: Environment | undefined;

/** A rule of a policy's author: parsed and typed now, evaluated later. What is wrong with it is told, and gives undefined. */
export function compileCelRule(source: CelRule, tell: Tell): Rule | undefined {
  shared ??= celEnvironment();
  let sound = true;
  const complain: Tell = (...issue) => {
    sound = false;
    tell(...issue);
  };
  const program = compileProgram(source, shared, complain);
  if (!sound || !program) return undefined;
  return defineInventoryRule({
    id: source.id,
    title: source.title,
    reference: source.reference,
    stamp: digestOf(source),
    remedy: source.remedy ?? '',
    parameters: z.strictObject({}),
    check: (context) => evaluate(source, program, context),
  });
}

function compileProgram(source: CelRule, environment: Environment, tell: Tell): Program | undefined {
  const compile = (field: keyof CelRule, type: string | RegExp, within = environment) => {
    const text = source[field] as string | undefined;
    return text === undefined ? undefined : compileExpression(within, text, type, (message) => tell([field], message));
  };
  const each = compile('each', /^list<.+>$|^dyn$/);
  if (source.each === undefined && source.where !== undefined)
    tell(['where'], '"where" chooses elements of "each", and there is no "each"');
  const within = each
    ? environment.clone().registerVariable('it', each.type.replace(/^list<(.+)>$/, '$1'))
    : environment;
  const require = compile('require', 'bool', within);
  const program = {
    applies: compile('applies', 'bool')?.run,
    each: each?.run,
    where: source.each === undefined ? undefined : compile('where', 'bool', within)?.run,
    file: compile('file', 'string', within)?.run ?? (each && pathOf(within)),
    seen: compile('seen', /^(string|int|bool|double|dyn)$/, within)?.run,
  };
  return require && { ...program, require: require.run };
}

function compileExpression(
  environment: Environment,
  text: string,
  type: string | RegExp,
  complain: (message: string) => void,
) {
  const checked = environment.check(text);
  if (!checked.valid) {
    complain(sayPlainly(checked.error));
    return undefined;
  }
  const found = String(checked.type);
  if (typeof type === 'string' ? found !== type && found !== 'dyn' : !type.test(found)) {
    complain(
      `the expression gives ${found}, and ${typeof type === 'string' ? type : type.source.includes('list') ? 'a list' : 'a plain value'} is expected`,
    );
    return undefined;
  }
  const parsed = environment.parse(text);
  const pattern = brokenPattern(parsed.ast);
  if (pattern !== undefined) {
    complain(`"${pattern}" is not a regular expression`);
    return undefined;
  }
  return { type: found, run: parsed as Expression };
}

/** A literal given to `matches` that is no regular expression: told when the policy is loaded, not when an image is judged. */
function brokenPattern(node: unknown): string | undefined {
  if (Array.isArray(node)) return node.map(brokenPattern).find((it) => it !== undefined);
  const { op, args } = (typeof node === 'object' && node !== null ? node : {}) as { op?: string; args?: unknown };
  if (op === 'rcall' && Array.isArray(args) && args[0] === 'matches') {
    const literal = (args[2] as { op: string; args: unknown }[])[0];
    if (literal?.op === 'value' && typeof literal.args === 'string' && !isPattern(literal.args)) return literal.args;
  }
  return op === undefined ? undefined : brokenPattern(args);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** First line of the parser's or checker's message, with the place in the expression. */
function sayPlainly(error: Error | undefined): string {
  const [first = 'not an expression', ...rest] = (error?.message ?? '').split('\n');
  const column = rest.find((line) => /^\s*\^/.test(line))?.indexOf('^');
  const code = rest.find((line) => line.startsWith('>'));
  const margin = code ? code.indexOf('|') + 2 : 0;
  const at =
    column === undefined || !code
      ? ''
      : ` at "${code.slice(column, column + 20).trim() || code.slice(margin).trim().slice(-20)}"`;
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}${at}`;
}

/** `it.path`, where the elements have one. */
function pathOf(environment: Environment): Expression | undefined {
  const checked = environment.check('it.path');
  return checked.valid && checked.type === 'string' ? (environment.parse('it.path') as Expression) : undefined;
}

function evaluate(source: CelRule, program: Program, { inventory }: InventoryContext) {
  const context = celContext(inventory);
  try {
    if (program.applies && program.applies(context) !== true)
      return notApplicable(source.otherwise ?? `not so: ${source.applies}`);
    if (!program.each) return answer(program.require(context) === true ? [] : [observe(source, program, context)]);
    const elements = [...(program.each(context) as Iterable<unknown>)].map((it) => ({ ...context, it }));
    const chosen = program.where ? elements.filter((it) => program.where!(it) === true) : elements;
    return answer(chosen.filter((it) => program.require(it) !== true).map((it) => observe(source, program, it)));
  } catch (error) {
    // A rule that cannot be evaluated lets nothing through.
    const [first] = (error as Error).message.split('\n');
    return answer([{ message: `the rule could not be evaluated: ${first}` }]);
  }
}

function observe(source: CelRule, program: Program, context: Record<string, unknown>): Observation {
  const file = program.file?.(context);
  const seen = program.seen?.(context);
  const owner = (context.it as { package?: unknown } | undefined)?.package;
  return {
    message:
      typeof file === 'string' && file !== '' ? `not so for ${file}: ${source.title}` : `not so: ${source.title}`,
    file: typeof file === 'string' && file !== '' ? file : undefined,
    package: typeof owner === 'string' && owner !== '' ? owner : undefined,
    seen: seen === undefined ? undefined : String(seen),
    wanted: source.wanted,
  };
}
