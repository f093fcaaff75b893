import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Notice, Notifier } from '../../ports/notifier.ts';

/** Appends each notice as a line of JSON to a file, and posts it to a webhook where one is given. */
export function logNotifier(options: { path: string; webhook?: string; clock: Clock }): Notifier {
  return {
    async notify(notice) {
      const line = JSON.stringify({ at: new Date(options.clock.now()).toISOString(), ...notice });
      await mkdir(dirname(options.path), { recursive: true });
      await appendFile(options.path, `${line}\n`);
      if (options.webhook) await post(options.webhook, notice, options.path);
    },
  };
}

/** A receiver that is away must not fail a build: what went wrong is added to the log. */
async function post(url: string, notice: Notice, path: string): Promise<void> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(notice),
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  } catch (error) {
    await appendFile(path, `${JSON.stringify({ kind: 'webhook.failed', url, error: String(error) })}\n`);
  }
}
