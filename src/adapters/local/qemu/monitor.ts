import { connect, type Socket } from 'node:net';

const ANSWER_MS = 5_000;

/** QEMU's machine protocol over a Unix socket (QMP). Each call opens a connection of its own; answers are `return`'s value. */
export async function askMonitor(
  socketPath: string,
  execute: string,
  argument?: Record<string, unknown>,
): Promise<unknown> {
  const socket = connect(socketPath);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer to ${execute} in ${ANSWER_MS} ms`)));
  const messages = lines(socket);
  try {
    await messages.next();
    socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`);
    await answer(messages);
    socket.write(`${JSON.stringify({ execute, arguments: argument })}\n`);
    return await answer(messages);
  } finally {
    socket.destroy();
  }
}

async function* lines(socket: Socket): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of socket) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

/** The next message that is no event. */
async function answer(messages: AsyncGenerator<string, undefined>): Promise<unknown> {
  for await (const line of { [Symbol.asyncIterator]: () => ({ next: () => messages.next() }) }) {
    const message = JSON.parse(line) as { return?: unknown; error?: { desc: string }; event?: string };
    if (message.error) throw new Error(message.error.desc);
    if ('return' in message) return message.return;
  }
  throw new Error('the monitor closed the connection');
}
