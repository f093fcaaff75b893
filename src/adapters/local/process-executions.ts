import { randomUUID } from 'node:crypto';
import type { Executions } from '../../ports/executions.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** Executions of the local runner. Their identifiers say in which process they run, so a killed one is known to be dead. */
export function processExecutions(start: Executions['start']): Executions {
  return {
    async isRunning(executionId) {
      const [kind, identity] = executionId.split(':');
      return kind === 'local' && identity !== undefined && isRunning(identity);
    },
    start,
  };
}

/** `local:PROCESS:RANDOM`, PROCESS being this process's identity. */
export function newExecutionId(): string {
  return `local:${processIdentity()}:${randomUUID().slice(0, 8)}`;
}
