// One warm sandbox of a function: loads the deployed bundle once and answers an event a message.
const loading = import(process.env.KILN_TEST_BUNDLE).then((bundle) => {
  // From the start of the process on: what a cold start adds to an invocation.
  process.send({ coldStartMs: performance.now() });
  return bundle.handler;
});

process.on('message', async ({ id, event, context }) => {
  try {
    const handler = await loading;
    const end = Date.now() + context.timeoutMs;
    const result = await handler(event, { ...context, getRemainingTimeInMillis: () => end - Date.now() });
    process.send({ id, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    const { name, message, stack } = error;
    const payload = JSON.stringify({ errorType: name, errorMessage: message, trace: String(stack).split('\n') });
    process.send({ id, payload, failed: true });
  }
});
