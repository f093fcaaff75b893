import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { deployedResources } from './deployed-templates.ts';
import { deployedExports, resolvedProperties } from './intrinsics.ts';

interface Machine {
  readonly StateMachineName: string;
  readonly DefinitionSubstitutions?: Readonly<Record<string, string>>;
}

/** Name of the function by which the front door plays `codebuild:startBuild.sync`, which the emulator's interpreter lacks. */
export const CODEBUILD = 'front-door-codebuild';

/**
 * Switches the emulator's interpreter on, which has machines of its own, and gives it every deployed machine: the definition
 * as deployed, with the deployed template's substitutions, which the emulator leaves undone.
 */
export async function activateStateMachines(endpoint: string): Promise<void> {
  const sfn = new SFNClient({});
  const deployed = [];
  const exports = await deployedExports();
  for (const resource of await deployedResources('AWS::StepFunctions::StateMachine')) {
    const { StateMachineName, DefinitionSubstitutions } = resource.properties as unknown as Machine;
    const stated = { ...resource, properties: { StateMachineName, DefinitionSubstitutions } };
    const { StateMachineName: name, DefinitionSubstitutions: values = {} } = resolvedProperties(
      stated,
      exports,
    ) as unknown as Machine;
    const stateMachineArn = `arn:aws:states:${process.env.AWS_REGION}:123456789012:stateMachine:${name}`;
    const it = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    deployed.push({ name, roleArn: it.roleArn, definition: playable(it.definition ?? '', values) });
    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
  }
  await fetch(`${endpoint}/moto-api/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
  });
  for (const it of deployed) await sfn.send(new CreateStateMachineCommand(it));
}

interface State {
  Type: string;
  Seconds?: number;
  SecondsPath?: string;
  Resource?: string;
  Parameters?: unknown;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, State>> };
}

/** What waits for others' work waits for less here, where that work is quicker. */
function shorten(state: State): void {
  for (const it of state.Retry ?? []) {
    if (it.ErrorEquals.some((name) => name.endsWith('_PENDING')))
      Object.assign(it, { IntervalSeconds: 1, BackoffRate: 1 });
  }
  for (const it of Object.values(state.ItemProcessor?.States ?? {})) shorten(it);
  if (state.Type !== 'Wait') return;
  delete state.SecondsPath;
  state.Seconds = 1;
}

function playable(definition: string, values: Readonly<Record<string, string>>): string {
  const machine = JSON.parse(definition.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole));
  for (const state of Object.values(machine.States) as State[]) {
    shorten(state);
    if (!state.Resource?.endsWith(':codebuild:startBuild.sync')) continue;
    state.Resource = 'arn:aws:states:::lambda:invoke';
    state.Parameters = { FunctionName: CODEBUILD, Payload: state.Parameters };
  }
  return JSON.stringify(machine);
}
