/** What sources say of where they listen. */
export interface Heard {
  /** The first TCP port that one of them names. */
  readonly port?: number;
  /** Whether they take it from the variable PORT. */
  readonly readsPort: boolean;
  /** Whether they take the address from a variable such as HOST. */
  readonly readsHost: boolean;
  /** The variable, where it is another. */
  readonly hostVariable?: string;
  /** They name the machine's own address only. */
  readonly local: boolean;
  /** They speak of HTTP, or load what serves it. */
  readonly http: boolean;
  /** Where a GET is answered: `/` or the first path that they register, as far as one stands there. */
  readonly path?: string;
  /** They register paths, and none of them is known to be answered as it stands. */
  readonly pathless: boolean;
}

const LOOPBACK = String.raw`(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])`;
const ADDRESS = String.raw`(?:\d+\.\d+\.\d+\.\d+|localhost|\*|\[[:\da-f]*\])?`;
const CALL = String.raw`\b(?:listen\w*|bind\w*|serve\w*|run\w*|start\w*|\w*Server|create_server|TCPServer|SocketAddress|InetSocketAddress)`;

const VARIABLE = String.raw`\b(?:(?:SERVER|HTTP|APP|LISTEN|WEB|API|SERVICE)_)?PORT\b`;

/** Those that say most surely where it listens come first. */
const PORTS: readonly RegExp[] = [
  new RegExp(String.raw`${CALL}\(\s*["'\`]?(?:${ADDRESS}:)?(\d{2,5})\b`, 'gi'),
  new RegExp(String.raw`${CALL}\(\s*\(?\s*["'\`][\w.:*]*["'\`]\s*,\s*(\d{2,5})\b`, 'gi'),
  /\b(?:start|create)_server\([^()\n]*,\s*["'][\w.:]*["']\s*,\s*(\d{2,5})\b/g,
  // `parseInt(process.env.PORT, 10)` names the base of its digits.
  new RegExp(
    String.raw`${VARIABLE}(?![^\n]{0,4},\s*10\s*\))["'\])}]*\s*(?:\?\?|\|\||,|:-|=|\bor\b)\s*(?:Number\(|parseInt\(|int\()?\s*["'\`(]*(\d{2,5})\b`,
    'g',
  ),
  // `env::var("PORT").ok().and_then(…).unwrap_or(3000)`; `ENV.fetch("PORT") { 3000 }`
  new RegExp(String.raw`${VARIABLE}[^\n]{0,100}?\bunwrap_or(?:_else)?\((?:\|_?\w*\|\s*)?["']?(\d{2,5})\b`, 'g'),
  new RegExp(String.raw`\bfetch\(\s*["']${VARIABLE}["']\s*\)\s*\{\s*["']?(\d{2,5})\b`, 'g'),
  /["']-{0,2}port["'][^\n]{0,60}?\bdefault\s*[=:]\s*["']?(\d{2,5})\b/gi,
  /(?<![\w.])(?:\w+\.)?(?:http_?|server[_.]?|listen_?|local_?|base_?|default_?)?port["']?\s*(?:=>|:=|[=:,]|\()\s*["']?(\d{2,5})\b(?!\.\d)/gi,
  new RegExp(String.raw`["'\`/](?:${ADDRESS}):(\d{2,5})["'\`/]`, 'g'),
  /\bhtons\(\s*(\d{2,5})\s*\)/g,
  /#define\s+\w*PORT\w*\s+(\d{2,5})\b/g,
  /(?:--?(?:port|p|http-port)[= ]|\bTCP[46]?-LISTEN:|-D\w*PORT=)["']?(\d{2,5})\b/gi,
  new RegExp(String.raw`\b[A-Z_]*(?:LISTEN|BIND|ADDR)[A-Z_]*=["']?(?:${ADDRESS}:)?(\d{2,5})\b(?!\.)`, 'g'),
];
/** `PORT` next to what reads the environment: `process.env.PORT`, `os.Getenv("PORT")`, `ENV['PORT']`. */
const READS = (name: string) =>
  new RegExp(
    String.raw`(?:\benv(?:iron)?\b|getenv|env::var|\bENV\b)[^\n]{0,24}?["'.[{(\s]${name}\b|\b${name}\b[^\n=]{0,12}(?:=[^\n}]{0,40})?\}\s*=\s*process\.env`,
    'i',
  );
const HTTP =
  /https?\b|\b(?:express|fastify|koa|hapi|hono|restify|polka|fastapi|flask|starlette|quart|uvicorn|waitress|werkzeug|aiohttp|tornado|sanic|bottle|cherrypy|web\.py|mojolicious|dancer2?|sinatra|roda|webrick|actix|axum|warp|rocket|fiber|crow|drogon|poco|cpprest)\b/i;
const ROUTE =
  /(?:\.(?:get|route|all|HandleFunc|Handle|GET|Get|MapGet|createContext|add_get)\(|@\w+\.(?:get|route)\(|#\[get\(|@(?:Get|Request)Mapping\((?:(?:value|path)\s*=\s*)?|^\s*get|\bpath\()\s*\(?\s*["'`]((?:GET )?\/[^"'`]*)["'`]([^\n]*)/gm;
/** Paths of such an object are below the one at which it is mounted. */
const ROUTER = /\b(?:APIRouter|Blueprint|Router)\s*\(|@RequestMapping\(/;
const MOUNTED =
  /prefix["']?\s*[=:]\s*["'`]\/\w|\.(?:use|mount|nest|route)\(\s*["'`]\/\w[^"'`]*["'`]\s*,\s*(?:require\(|\w*[rR]out)|@RequestMapping\((?:\w+\s*=\s*)?["']\/\w/;
const OTHER_METHOD = /methods\s*=\s*[[({](?![^\])}]*GET)/;
const HEALTH = /^\/(?:-\/)?(?:api\/)?(?:health|healthz|healthcheck|ping|status|ready|readyz|livez|up)$/;
const LOCAL = new RegExp(String.raw`["'\`]${LOOPBACK}(?::\d+)?["'\`]`);
const EVERYWHERE = /["'`/](?:0\.0\.0\.0|::|\*|\[::\])["'`:]/;

/** Options by which servers are told where to listen: `-l 5050`, `--listen 0.0.0.0:4873`, `-b :8000`, `--bind=tcp://0.0.0.0:9292`. */
const OPTION = new RegExp(
  String.raw`(?:^|\s)(?:-[lb]|--(?:listen|bind|addr|address|server))(?:[-_][a-z-]+)?[= ]["']?(?:\w+:\/\/)?(?:${ADDRESS}:)?(\d{2,5})\b(?!\.)`,
);

/** The port that a command line names. */
export function portOfCommand(line: string): number | undefined {
  const port = Number(OPTION.exec(line)?.[1] ?? portsIn([line]).port);
  return port > 0 && port < 65_536 ? port : undefined;
}

/** Reads sources, best first, for the port that they serve, as far as it stands there as a number. */
export function portsIn(texts: readonly string[]): Heard {
  const codes = texts.map(withoutLineComments);
  const port = codes
    .flatMap((code) => PORTS.flatMap((pattern) => [...code.matchAll(pattern)]))
    .map((match) => Number(match[1]))
    .find((it) => it > 0 && it < 65_536);
  return {
    ...(port === undefined ? {} : { port }),
    readsPort: codes.some((it) => READS('PORT').test(it)),
    ...hostIn(codes),
    http: codes.some((it) => HTTP.test(it)),
    ...routeIn(codes),
    local: codes.some((it) => LOCAL.test(listening(it))) && !codes.some((it) => EVERYWHERE.test(it)),
  };
}

/** HOST, or the same of a server's own: that of a database has another name. */
function hostIn(codes: readonly string[]): Pick<Heard, 'readsHost' | 'hostVariable'> {
  const read = [
    'HOST',
    'SERVER_HOST',
    'HTTP_HOST',
    'APP_HOST',
    'LISTEN_HOST',
    'WEB_HOST',
    'API_HOST',
    'BIND_HOST',
  ].find((name) => codes.some((it) => READS(name).test(it)));
  return { readsHost: read !== undefined, ...(read === undefined || read === 'HOST' ? {} : { hostVariable: read }) };
}

/** `app.get('/health', …)`, `@app.route("/x")`, `mux.HandleFunc("/x", …)`, `get '/x' do`: the first one, what tells of health, best `/`. */
function routeIn(codes: readonly string[]): { path?: string; pathless: boolean } {
  const isMounted = codes.some((it) => MOUNTED.test(it));
  const all = codes.flatMap((code) => [...code.matchAll(ROUTE)].map((it) => ({ code, path: it[1]!, rest: it[2]! })));
  const plain = all
    .filter(({ code, rest }) => !(isMounted && ROUTER.test(code)) && !OTHER_METHOD.test(rest))
    .map(({ path }) => path.replace(/^(?:GET )/, ''))
    .filter((it) => /^\/[\w./-]*$/.test(it));
  const path = plain.includes('/') ? '/' : (plain.find((it) => HEALTH.test(it)) ?? plain[0]);
  return path === undefined ? { pathless: all.length > 0 } : { path, pathless: false };
}

function withoutLineComments(text: string): string {
  return text.replace(/^\s*(?:#(?!define|!|\[)|\/\/).*$/gm, '');
}

/** The lines that speak of listening; an address elsewhere is often that of a database. */
function listening(code: string): string {
  return code
    .split('\n')
    .filter((line) => /listen|bind|serve|\brun\w*\(|host/i.test(line) && !/connect|client|database|redis/i.test(line))
    .join('\n');
}
