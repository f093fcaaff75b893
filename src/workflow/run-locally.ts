import { StateMachine } from 'aws-local-stepfunctions';
import { type Definition, definitionText, parseDefinition, type State, taskStates } from './definition.ts';

/** A Lambda handler as the local runner calls it. */
export type Handler = (event: never, context: never) => Promise<unknown>;

export interface LocalRun {
  /** Name of the definition: `build-image`. */
  readonly machine: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly executionId: string;
  /** Handlers by the name of their folder under `lambdas/`: `plan-build`. */
  readonly handlers: Readonly<Record<string, Handler>>;
  /** Told of each state as it is entered and left. */
  readonly onState?: (event: StateEvent) => void;
  readonly signal?: AbortSignal;
}

export interface StateEvent {
  readonly kind: 'entered' | 'exited' | 'failed' | 'retried' | 'caught';
  readonly state: string;
  readonly type: string;
}

export type LocalOutcome =
  | { readonly kind: 'succeeded'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string };

/**
 * Runs a state machine's definition, the one that is deployed, on this machine. `${PlanBuildFunction}` in it becomes the
 * handler `plan-build`; a CodeBuild project `${BakeImageProject}` becomes the handler `bake-image`.
 */
export async function runLocally(run: LocalRun): Promise<LocalOutcome> {
  const definition = parseDefinition(definitionText(run.machine), handlerName);
  const machine = new StateMachine(definition as never, { validationOptions: { checkArn: false } });
  const execution = machine.run(run.input as never, {
    overrides: { taskResourceLocalHandlers: tasks(definition, run) as never },
    context: { Execution: { Id: run.executionId, Input: run.input as never, StartTime: new Date().toISOString() } },
  });
  const told = tell(execution.eventLogs, run.onState);
  try {
    return { kind: 'succeeded', output: await execution.result };
  } catch (error) {
    const fault = error as Error;
    return { kind: 'failed', error: fault.name, cause: fault.message };
  } finally {
    await told;
  }
}

/** `PlanBuildFunction` → `plan-build`, `BakeImageProject` → `bake-image`. */
export function handlerName(substitution: string): string {
  const words = substitution.replace(/(Function|Project)$/, '').match(/[A-Z][a-z0-9]*/g) ?? [];
  return words.join('-').toLowerCase();
}

type Task = (input: Integration) => Promise<unknown>;

function tasks(definition: Definition, run: LocalRun): Record<string, Task> {
  return Object.fromEntries(taskStates(definition).map(([name, state]) => [name, taskOf(state, run)]));
}

/** The optimized integrations that the definitions use, played by handlers of this process. */
function taskOf(state: State, run: LocalRun): Task {
  if (state.Resource === 'arn:aws:states:::lambda:invoke') {
    return async (input) => ({ Payload: await invoke(run, input.FunctionName, input.Payload), StatusCode: 200 });
  }
  if (state.Resource === 'arn:aws:states:::codebuild:startBuild.sync') {
    return async (input) => ({
      Build: await invoke(run, input.ProjectName, eventOfProject(input.EnvironmentVariablesOverride)),
    });
  }
  if (state.Resource === 'arn:aws:states:::lambda:invoke.waitForTaskToken') {
    return async () => Promise.reject(new Error('internal: nobody is asked for approval on this machine'));
  }
  throw new Error(`internal: ${state.Resource} has no local counterpart`);
}

interface Integration {
  readonly FunctionName: string;
  readonly Payload: unknown;
  readonly ProjectName: string;
  readonly EnvironmentVariablesOverride: readonly { Name: string; Value: string }[];
}

/** `KILN_BUILD_ID=x` in a project's environment is `buildId: 'x'` in the event. */
function eventOfProject(variables: Integration['EnvironmentVariablesOverride']): Record<string, string> {
  const field = (name: string) =>
    name
      .replace(/^KILN_/, '')
      .toLowerCase()
      .replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(variables.map(({ Name, Value }) => [field(Name), Value]));
}

async function invoke({ handlers, executionId, signal }: LocalRun, name: string, event: unknown): Promise<unknown> {
  const handler = handlers[name];
  if (!handler) throw new Error(`internal: no handler ${name}`);
  signal?.throwIfAborted();
  // Lambda hands over JSON: what does not survive that must not work here either.
  const answer = await handler(throughJson(event) as never, { awsRequestId: executionId, functionName: name } as never);
  return throughJson(answer);
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

const KINDS: Readonly<Record<string, StateEvent['kind']>> = {
  StateEntered: 'entered',
  StateExited: 'exited',
  StateFailed: 'failed',
  StateRetried: 'retried',
  StateCaught: 'caught',
};

async function tell(log: AsyncIterable<{ type: string }>, onState: LocalRun['onState']): Promise<void> {
  for await (const event of log) {
    const kind = KINDS[event.type];
    const { state } = event as { state?: { name: string; type: string } };
    if (kind && state) onState?.({ kind, state: state.name, type: state.type });
  }
}
