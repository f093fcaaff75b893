import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { sha256 } from '../../model/canonical.ts';
import { type Executions, endOfLife } from '../../ports/executions.ts';
import { errorName } from './aws-fault.ts';

export interface StepFunctionsMachines {
  readonly client: SFNClient;
  readonly machineArn: string;
  /** Machine that builds many images. */
  readonly fleetArn?: string;
}

/** Executions of the deployed state machine; an execution's identifier is its ARN. */
export function stepFunctionsExecutions({ client, machineArn, fleetArn }: StepFunctionsMachines): Executions {
  const begin = async (stateMachineArn: string, name: string, input: unknown) => {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    } catch (error) {
      // A name is taken for 90 days, which is what makes one execution of one key.
      if (errorName(error) !== 'ExecutionAlreadyExists') throw error;
    }
  };
  return {
    async isRunning(executionId) {
      const end = endOfLife(executionId);
      if (end !== undefined) return Date.now() < end;
      if (!executionId.startsWith('arn:')) return false;
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn: executionId }));
        return status === 'RUNNING' || status === 'PENDING_REDRIVE';
      } catch (error) {
        if (errorName(error) === 'ExecutionDoesNotExist' || errorName(error) === 'InvalidArn') return false;
        throw error;
      }
    },
    start: ({ image, cause, key, force }) =>
      begin(machineArn, `${image.slice(0, 40)}-${sha256(key).slice(0, 32)}`, {
        image,
        cause,
        ...(force ? { options: { force } } : {}),
      }),
    ...(fleetArn === undefined
      ? {}
      : {
          startFleet: ({ images, cause, key }) =>
            begin(fleetArn, `fleet-${sha256(key).slice(0, 32)}`, {
              ...(images === 'all' ? { all: true } : { images }),
              cause,
            }),
        }),
  };
}
