import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** As much of an Amazon States Language definition as running and deploying one needs. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly ItemProcessor?: Definition;
  readonly Branches?: readonly Definition[];
}

/** Text of `src/workflow/<name>.asl.json`, with its `${…}` still in it. */
export function definitionText(name: string): string {
  return readFileSync(fileURLToPath(new URL(`./${name}.asl.json`, import.meta.url)), 'utf8');
}

/** Names that the definition wants substituted, such as `PlanBuildFunction`, sorted. */
export function substitutionNames(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] as string))].sort();
}

/** The definition with every `${Name}` replaced. A name without a value is a broken promise. */
export function parseDefinition(text: string, substitute: (name: string) => string): Definition {
  return JSON.parse(text.replace(/\$\{(\w+)\}/g, (_, name: string) => substitute(name)));
}

/** Every Task state by name, those inside Map and Parallel states included. */
export function taskStates(definition: Definition): [name: string, state: State][] {
  return Object.entries(definition.States).flatMap(([name, state]) => {
    if (state.Type === 'Task') return [[name, state] as [string, State]];
    const inner = [...(state.ItemProcessor ? [state.ItemProcessor] : []), ...(state.Branches ?? [])];
    return inner.flatMap(taskStates);
  });
}
