/** What a process that is killed does: nothing more. */
export class Killed extends Error {}

/**
 * Ports whose calls that change something are counted together; the one after `calls` of them, and all later ones, never happen. The count
 * is of calls, wherever they go: so a test can kill a use case between any two side effects.
 */
export function killedAfter<T extends object>(ports: T, calls: number, changing: RegExp): T {
  let left = calls;
  const guarded = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          if (changing.test(String(name))) {
            if (left === 0) throw new Killed();
            left -= 1;
          }
          return value.apply(target, parameters);
        };
      },
    });
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, typeof port === 'object' ? guarded(port as object) : port]),
  ) as T;
}
