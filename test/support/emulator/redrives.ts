import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Answer, Route } from './door.ts';

/** RedriveExecution, which the emulator has not. */
export interface Redrives {
  readonly route: Route;
  /** Executions that go on in another's place, by the ARN of that. */
  readonly goingOn: ReadonlyMap<string, string>;
}

/**
 * Goes on with an execution where it was: the same definition from the state that it did not leave, with what that was given, under the
 * same identifier.
 */
export function redrives(): Redrives {
  const goingOn = new Map<string, string>();
  return {
    goingOn,
    async route(call) {
      if (call.service !== 'states' || call.operation !== 'RedriveExecution') return undefined;
      const { executionArn } = JSON.parse(call.body.toString()) as { executionArn: string };
      goingOn.set(executionArn, await goOn(executionArn, `redrive-${goingOn.size + 1}`));
      return json({ redriveDate: Date.now() / 1000 });
    },
  };
}

async function goOn(executionArn: string, name: string): Promise<string> {
  const sfn = new SFNClient({});
  const { stateMachineArn } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const machine = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  const last = events.findLast((it) => it.stateEnteredEventDetails)?.stateEnteredEventDetails;
  const stated = (machine.definition ?? '').replaceAll(
    /"executionId\.\$":\s*"\$\$\.Execution\.Id"/g,
    `"executionId": ${JSON.stringify(executionArn)}`,
  );
  const definition = JSON.stringify({ ...JSON.parse(stated), StartAt: last?.name });
  const made = await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn: machine.roleArn }));
  const request = { stateMachineArn: made.stateMachineArn, name, input: last?.input };
  return (await sfn.send(new StartExecutionCommand(request))).executionArn ?? '';
}

function json(value: object): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
}
