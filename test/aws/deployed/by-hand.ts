import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';

/** Starts an execution as the console does; gives its ARN. */
export async function startByHand({ outputs }: DeployedKiln, name: string, input: unknown): Promise<string> {
  const stateMachineArn = outputs.BuildImageMachineArn;
  const request = { stateMachineArn, name, input: JSON.stringify(input) };
  return (await new SFNClient({}).send(new StartExecutionCommand(request))).executionArn ?? '';
}

const TRIES = 3_000;

/** Waits for an execution's end; `SUCCEEDED`, or `FAILED` and the error. */
export async function endOf(kiln: DeployedKiln, executionArn: string): Promise<string> {
  const sfn = new SFNClient({});
  for (let tried = 0; tried < TRIES; tried += 1) {
    const { status, error } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') return error === undefined ? String(status) : `${status} ${error}`;
    await sleep(200);
  }
  throw new Error(`${executionArn} does not end\n${kiln.said()}`);
}

/** Runs an execution by hand to its end. */
export async function runByHand(kiln: DeployedKiln, name: string, input: unknown): Promise<string> {
  return endOf(kiln, await startByHand(kiln, name, input));
}

/** Waits until something holds; `what` tells what did not, in vain. */
export async function until<T>(
  kiln: DeployedKiln,
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    kiln.check();
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    await sleep(200);
  }
  throw new Error(`it never came true: ${what}\n${kiln.said()}`);
}
