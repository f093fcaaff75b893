import type { Draft } from './draft.ts';
import type { Heard } from './ports-in.ts';

export type Answer = Pick<Draft, 'ports' | 'http' | 'path' | 'local' | 'notes'>;
type Answering = Pick<Heard, 'local' | 'readsHost' | 'http' | 'path'>;

/** Variables that make an application listen where the draft says, as far as it reads them. */
export function listeningEnvironment(
  heard: { readonly readsPort: boolean; readonly readsHost: boolean },
  port: number | undefined,
): Record<string, string> {
  return {
    ...(heard.readsPort && port !== undefined ? { PORT: String(port) } : {}),
    ...(heard.readsHost ? { HOST: '0.0.0.0' } : {}),
  };
}

/** How an application answers on a port, which may be unknown, or open to the machine itself only. */
export function answersOn(port: number | undefined, { local, readsHost, http, path }: Answering): Answer {
  if (port === undefined) {
    const note = 'The console of the first build says what it listens on. Add `ports`, and a test that asks one.';
    return { ports: [], http: false, notes: [note] };
  }
  const answer = { ports: [port], http, ...(http && path !== undefined ? { path } : {}) };
  if (!local || readsHost) return { ...answer, notes: [] };
  const note = `Its source names 127.0.0.1 only: let it listen on 0.0.0.0, and ask port ${port} in the test.`;
  return { ...answer, local: true, notes: [note] };
}
