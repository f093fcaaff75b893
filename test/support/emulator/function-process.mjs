// One warm sandbox of a function: loads the deployed bundle once and answers an event a message.
const loading = import(process.env.KILN_TEST_BUNDLE).then((bundle) => bundle.handler);

process.on('message', async ({ id, event, context }) => {
  try {
    const handler = await loading;
    const result = await handler(event, context);
    process.send({ id, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    const { name, message, stack } = error;
    const payload = JSON.stringify({ errorType: name, errorMessage: message, trace: String(stack).split('\n') });
    process.send({ id, payload, failed: true });
  }
});
