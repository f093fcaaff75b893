/** Where long work tells how far it is. Never throws; may drop events. */
export interface Progress {
  /** A line of its own: something that happened. */
  note(text: string): void;
  /** How far a piece of work is; `done === total` ends it. Units are the caller's, named in `unit`. */
  advance(work: string, done: number, total: number, unit?: 'bytes' | 'items'): void;
}

export const silent: Progress = { note() {}, advance() {} };
