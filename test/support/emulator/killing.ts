import type { Answer, Call, Route } from './door.ts';
import type { Functions } from './lambda-functions.ts';

/** Where a function is killed: once a call of it has had its effect, and before it hears of it. */
export interface KillPoint {
  /** Name of the function: `kiln-register-image`. */
  readonly of: string;
  readonly operation: string;
  /** Part of the request's body that must be there, where an operation is called for several things. */
  readonly about?: string;
  /** How often. */
  readonly times: number;
}

export interface Killing {
  readonly route: Route;
  arm(points: readonly KillPoint[]): void;
  /** Kills so far, as `FUNCTION OPERATION`. */
  kills(): readonly string[];
}

const PASSED = 'x-kiln-passed';

/** Kills deployed functions between a side effect and the record of it. */
export function killing(endpoint: () => string, functions: () => Functions | undefined): Killing {
  const left: { point: KillPoint; times: number }[] = [];
  const kills: string[] = [];
  return {
    kills: () => kills,
    arm(points) {
      left.splice(0, left.length, ...points.map((point) => ({ point, times: point.times })));
    },
    async route(call) {
      const hit = left.find(({ point, times }) => times > 0 && call.headers[PASSED] === undefined && isAt(call, point));
      if (!hit) return undefined;
      hit.times -= 1;
      const answer = await throughDoor(endpoint(), call);
      if (answer.status >= 400) return answer;
      kills.push(`${hit.point.of} ${hit.point.operation}`);
      functions()?.kill(hit.point.of);
      return answer;
    },
  };
}

function isAt({ headers, operation, body }: Call, point: KillPoint): boolean {
  if (operation !== point.operation || !headers['user-agent']?.includes(` app/${point.of}`)) return false;
  return point.about === undefined || body.toString().includes(point.about);
}

/** Asks the door itself, so that every other route has its say. */
async function throughDoor(endpoint: string, call: Call): Promise<Answer> {
  const {
    host: _,
    connection: _connection,
    'content-length': _length,
    'transfer-encoding': _coding,
    ...kept
  } = call.headers;
  const bodiless = call.method === 'GET' || call.method === 'HEAD';
  const answer = await fetch(`${endpoint}${call.path}`, {
    method: call.method,
    headers: { ...kept, [PASSED]: '1' },
    ...(bodiless ? {} : { body: new Uint8Array(call.body) }),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !/^(connection|transfer-encoding|content-length)$/.test(name)),
  );
  return { status: answer.status, headers, body };
}
