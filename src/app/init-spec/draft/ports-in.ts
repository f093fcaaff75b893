/** What sources say of where they listen. */
export interface Heard {
  /** The first TCP port that one of them names. */
  readonly port?: number;
  /** Whether they take it from the variable PORT. */
  readonly readsPort: boolean;
  /** Whether they take the address from the variable HOST. */
  readonly readsHost: boolean;
  /** They name the machine's own address only. */
  readonly local: boolean;
  /** They speak of HTTP, or load what serves it. */
  readonly http: boolean;
  /** Where a GET is answered: `/` or the first path that they register, as far as one stands there. */
  readonly path?: string;
}

const LOOPBACK = String.raw`(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])`;
const ADDRESS = String.raw`(?:\d+\.\d+\.\d+\.\d+|localhost|\*|\[[:\da-f]*\])?`;
const CALL = String.raw`\b(?:listen\w*|bind\w*|serve\w*|run\w*|start\w*|\w*Server|create_server|TCPServer|SocketAddress|InetSocketAddress)`;

/** Those that say most surely where it listens come first. */
const PORTS: readonly RegExp[] = [
  new RegExp(String.raw`${CALL}\(\s*["'\`]?(?:${ADDRESS}:)?(\d{2,5})\b`, 'gi'),
  new RegExp(String.raw`${CALL}\(\s*\(?\s*["'\`][\w.:*]*["'\`]\s*,\s*(\d{2,5})\b`, 'gi'),
  // `parseInt(process.env.PORT, 10)` names the base of its digits.
  /\bPORT\b(?![^\n]{0,4},\s*10\s*\))["'\])}]*\s*(?:\?\?|\|\||,|:-|=|\bor\b)\s*(?:Number\(|parseInt\(|int\()?\s*["'`(]*(\d{2,5})\b/g,
  /["']-{0,2}port["'][^\n]{0,60}?\bdefault\s*[=:]\s*["']?(\d{2,5})\b/gi,
  /(?<![\w.])(?:\w+\.)?(?:http_?|server[_.]?|listen_?|base_?|default_?)?port["']?\s*(?:=>|:=|[=:,]|\()\s*["']?(\d{2,5})\b(?!\.\d)/gi,
  new RegExp(String.raw`["'\`/](?:${ADDRESS}):(\d{2,5})["'\`/]`, 'g'),
  /\bhtons\(\s*(\d{2,5})\s*\)/g,
  /#define\s+\w*PORT\w*\s+(\d{2,5})\b/g,
  /(?:--?(?:port|p|http-port)[= ]|\bTCP[46]?-LISTEN:|-D\w*PORT=)["']?(\d{2,5})\b/gi,
];
/** `PORT` next to what reads the environment: `process.env.PORT`, `os.Getenv("PORT")`, `ENV['PORT']`. */
const READS = (name: string) =>
  new RegExp(
    String.raw`(?:\benv(?:iron)?\b|getenv|env::var|\bENV\b)[^\n]{0,24}?["'.[{(\s]${name}\b|\b${name}\b[^\n=]{0,12}(?:=[^\n}]{0,40})?\}\s*=\s*process\.env`,
    'i',
  );
const HTTP =
  /https?\b|\b(?:express|fastify|koa|hapi|hono|restify|polka|aiohttp|tornado|sanic|bottle|cherrypy|web\.py|mojolicious|dancer2?|sinatra|roda|webrick|actix|axum|warp|rocket|fiber|crow|drogon|poco|cpprest)\b/i;
const ROUTE =
  /(?:\.(?:get|route|all|HandleFunc|Handle|GET|Get|createContext|add_get)\(|@\w+\.(?:get|route)\(|^\s*get|\bpath\()\s*\(?\s*["'`]((?:GET )?\/[^"'`]*)["'`]/gm;
const LOCAL = new RegExp(String.raw`["'\`]${LOOPBACK}(?::\d+)?["'\`]`);
const EVERYWHERE = /["'`/](?:0\.0\.0\.0|::|\*|\[::\])["'`:]/;

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
    readsHost: codes.some((it) => READS('HOST').test(it)),
    http: codes.some((it) => HTTP.test(it)),
    ...routeIn(codes),
    local: codes.some((it) => LOCAL.test(listening(it))) && !codes.some((it) => EVERYWHERE.test(it)),
  };
}

/** `app.get('/health', …)`, `@app.route("/x")`, `mux.HandleFunc("/x", …)`, `get '/x' do`. */
function routeIn(codes: readonly string[]): { path?: string } {
  const paths = codes.flatMap((code) => [...code.matchAll(ROUTE)].map((it) => it[1]!.replace(/^(?:GET )/, '')));
  const plain = paths.filter((it) => /^\/[\w./-]*$/.test(it));
  const path = plain.includes('/') ? '/' : plain[0];
  return path === undefined ? {} : { path };
}

function withoutLineComments(text: string): string {
  return text.replace(/^\s*(?:#(?!define|!)|\/\/).*$/gm, '');
}

/** The lines that speak of listening; an address elsewhere is often that of a database. */
function listening(code: string): string {
  return code
    .split('\n')
    .filter((line) => /listen|bind|serve|\brun\w*\(|host/i.test(line) && !/connect|client|database|redis/i.test(line))
    .join('\n');
}
