import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { sha256 } from '../../model/canonical.ts';
import { type Executions, endOfLife } from '../../ports/executions.ts';
import { errorName } from './aws-fault.ts';

/** Executions of the deployed state machine; an execution's identifier is its ARN. */
export function stepFunctionsExecutions({ client, machineArn }: { client: SFNClient; machineArn: string }): Executions {
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
    async start({ image, cause, key }) {
      const input = JSON.stringify({ image, cause });
      // A name is taken for 90 days, which is what makes one execution of one key.
      const name = `${image.slice(0, 40)}-${sha256(key).slice(0, 32)}`;
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn: machineArn, name, input }));
      } catch (error) {
        if (errorName(error) !== 'ExecutionAlreadyExists') throw error;
      }
    },
  };
}
