import type { Route } from './door.ts';

/** Calls of deployed code that came to the door, by `FUNCTION SERVICE OPERATION`. */
export interface CallCounts {
  readonly route: Route;
  list(): Readonly<Record<string, number>>;
  reset(): void;
}

/** Deployed code is told by what the SDK says of itself (`AWS_SDK_UA_APP_ID`), which is the function's or the project's name. */
export function callCounts(): CallCounts {
  const counts = new Map<string, number>();
  return {
    async route({ headers, service, operation, method }) {
      const [, app] = / app\/(kiln(?:-[a-z]+)+)/.exec(headers['user-agent'] ?? '') ?? [];
      if (app === undefined) return undefined;
      const name = `${app} ${service} ${operation || method}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return undefined;
    },
    list: () => Object.fromEntries([...counts].sort()),
    reset: () => counts.clear(),
  };
}
