import type { Draft } from './draft.ts';
import type { Heard } from './ports-in.ts';

export type Answer = Pick<Draft, 'ports' | 'http' | 'path' | 'local' | 'notes'>;
type Answering = Pick<Heard, 'local' | 'readsHost' | 'http' | 'path'> & Partial<Pick<Heard, 'pathless'>>;

/** How long a test waits for Java: on an emulated machine it starts slowly, and slower still with all that a framework loads. */
export const JAVA_STARTS_IN = '600s';

/** What an application is given that takes its port from PORT and names none. */
export const USUAL_PORT = 8080;

/** The port that sources name; a usual one where they take whatever PORT says. */
export function portOf({ port, readsPort }: Pick<Heard, 'port' | 'readsPort'>): number | undefined {
  return port ?? (readsPort ? USUAL_PORT : undefined);
}

/** Variables that make an application listen where the draft says, as far as it reads them. */
export function listeningEnvironment(
  heard: Pick<Heard, 'readsPort' | 'readsHost' | 'hostVariable'>,
  port: number | undefined,
): Record<string, string> {
  return {
    ...(heard.readsPort && port !== undefined ? { PORT: String(port) } : {}),
    ...(heard.readsHost ? { [heard.hostVariable ?? 'HOST']: '0.0.0.0' } : {}),
  };
}

/** How an application answers on a port, which may be unknown, or open to the machine itself only. */
export function answersOn(port: number | undefined, heard: Answering): Answer {
  const { local, readsHost, path } = heard;
  // What is answered at a path that nobody knows may well be 404.
  const http = heard.http && heard.pathless !== true;
  if (port === undefined) {
    const note = 'The console of the first build says what it listens on. Add `ports`, and a test that asks one.';
    return { ports: [], http: false, notes: [note] };
  }
  const answer = { ports: [port], http, ...(http && path !== undefined ? { path } : {}) };
  if (!local || readsHost) return { ...answer, notes: [] };
  const note = `Its source names 127.0.0.1 only: let it listen on 0.0.0.0, and ask port ${port} in the test.`;
  return { ...answer, local: true, notes: [note] };
}
