/** Runs at most `limit` pieces of work at a time; the others wait in order. */
export function limiter(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running === limit) await new Promise<void>((resume) => waiting.push(resume));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes over to the one that waits longest.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
