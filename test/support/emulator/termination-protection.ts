import type { Answer, Route } from './door.ts';

/** Protection against deletion, set as a stack is made or later, which the emulator does not know: a protected stack is not deleted. */
export function terminationProtection(): Route {
  const isProtected = new Set<string>();
  return async (call) => {
    if (call.service !== 'cloudformation') return undefined;
    const form = new URLSearchParams(call.body.toString());
    const stack = nameOf(form.get('StackName') ?? '');
    if (call.operation === 'UpdateTerminationProtection') {
      if (form.get('EnableTerminationProtection') === 'true') isProtected.add(stack);
      else isProtected.delete(stack);
      return xml(200, result(stack));
    }
    if (call.operation === 'CreateStack' && form.get('EnableTerminationProtection') === 'true') isProtected.add(stack);
    if (call.operation === 'DeleteStack' && isProtected.has(stack)) return xml(400, refusal(stack));
    return undefined;
  };
}

/** Stacks go by name or by ARN. */
const nameOf = (stack: string) => /:stack\/([^/]+)\//.exec(stack)?.[1] ?? stack;

const NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';

const result = (stack: string) =>
  `<UpdateTerminationProtectionResponse ${NAMESPACE}><UpdateTerminationProtectionResult><StackId>${stack}</StackId></UpdateTerminationProtectionResult></UpdateTerminationProtectionResponse>`;

const refusal = (stack: string) =>
  `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack [${stack}] cannot be deleted while TerminationProtection is enabled</Message></Error></ErrorResponse>`;

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(body),
});
