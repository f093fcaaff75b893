const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The first Ctrl-C (or SIGTERM, SIGHUP) aborts the signal, so that work is wound up; the second ends the process at once. */
export function interruptible(say: (text: string) => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, status]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(status);
      say('stopping; once more to stop at once');
      controller.abort(new Error(name));
    };
    process.on(name, listener);
    return { name, listener };
  });
  const release = () => {
    for (const { name, listener } of listeners) process.off(name, listener);
  };
  return { signal: controller.signal, release };
}
