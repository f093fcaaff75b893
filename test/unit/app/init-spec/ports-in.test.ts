import { expect, test } from 'vitest';
import { portOfCommand, portsIn } from '../../../../src/app/init-spec/draft/ports-in.ts';

test.each([
  { text: 'app.listen(3000)', want: { port: 3000 } },
  { text: "app.listen({ port: 8080, host: '0.0.0.0' })", want: { port: 8080 } },
  { text: 'const { PORT = 4000 } = process.env;\nserver.listen(PORT)', want: { port: 4000, readsPort: true } },
  { text: 'const port = process.env.PORT || 3001', want: { port: 3001, readsPort: true } },
  { text: 'app.listen(Number(process.env.PORT ?? 5000))', want: { port: 5000, readsPort: true } },
  { text: "run(app, host='0.0.0.0', port=int(os.environ.get('PORT', 8901)))", want: { port: 8901, readsPort: true } },
  { text: "HTTPServer(('', 8765), H).serve_forever()", want: { port: 8765 } },
  { text: "p.add_argument('--port', type=int, default=8766)", want: { port: 8766 } },
  { text: 'http.ListenAndServe(":8123", nil)', want: { port: 8123, http: true } },
  { text: 'port := os.Getenv("PORT"); if port == "" { port = "8124" }', want: { port: 8124, readsPort: true } },
  { text: 'TcpListener::bind("0.0.0.0:8088")', want: { port: 8088 } },
  { text: 'a.sin_port = htons(9090);', want: { port: 9090 } },
  { text: '#define PORT 7001', want: { port: 7001 } },
  { text: 'new InetSocketAddress(8081)', want: { port: 8081 } },
  { text: 'server.port=8082', want: { port: 8082 } },
  { text: "set :port, 4567\nset :bind, '0.0.0.0'", want: { port: 4567, local: false } },
  { text: "app->start('daemon', '-l', 'http://*:3002')", want: { port: 3002 } },
  { text: 'exec socat TCP-LISTEN:8089,fork EXEC:x', want: { port: 8089 } },
  { text: "app.listen(3000, '127.0.0.1')", want: { port: 3000, local: true } },
  { text: "app.listen(3000, process.env.HOST || 'localhost')", want: { port: 3000, local: true, readsHost: true } },
  { text: "connect('localhost:5432')\napp.listen(80)", want: { local: false } },
  { text: '// app.listen(1234)\n# port: 99', want: { readsPort: false, local: false, http: false } },
  {
    text: 'const port = parseInt(process.env.PORT, 10);\nfinder.basePort = 8080',
    want: { port: 8080, readsPort: true },
  },
  { text: "port: '127.0.0.1:1'", want: { readsPort: false } },
  { text: 'smtp_port = 25', want: { readsPort: false } },
  { text: "app.get('/health', f)\napp.get('/:id', g)", want: { path: '/health' } },
  { text: "@app.route('/a')\n@app.get('/')", want: { path: '/' } },
  { text: 'mux.HandleFunc("GET /items/{id}", f)\nmux.HandleFunc("GET /items", f)', want: { path: '/items' } },
  { text: "getOrDefault('SERVER_PORT', '8090')", want: { port: 8090 } },
  { text: 'env::var("PORT").ok().and_then(|p| p.parse().ok()).unwrap_or(3030)', want: { port: 3030, readsPort: true } },
  { text: 'port ENV.fetch("PORT") { 3000 }', want: { port: 3000, readsPort: true } },
  { text: 'Environment=LISTEN_ADDR=:9099', want: { port: 9099 } },
  { text: "@app.post('/a')\n@app.route('/b', methods=['POST'])\n@app.get('/c')", want: { path: '/c' } },
  { text: "app.get('/db', f)\napp.get('/healthz', f)", want: { path: '/healthz' } },
  { text: "app.get('/:id', f)", want: { pathless: true } },
  { text: "new HTTP::Daemon(LocalPort => 8082, LocalAddr => 'x')", want: { port: 8082 } },
  { text: 'await asyncio.start_server(h, "0.0.0.0", 9999)', want: { port: 9999 } },
  { text: 'host: process.env.API_HOST || "127.0.0.1"', want: { readsHost: true, hostVariable: 'API_HOST' } },
  { text: 'connect(process.env.DB_HOST)', want: { readsHost: false } },
  { text: '#[get("/x")]\nfn x() {}', want: { path: '/x', pathless: false } },
])('$text', ({ text, want }) => {
  const heard = portsIn([text]);
  expect(heard).toMatchObject(want);
  if (!('port' in want) && !text.includes('80')) expect(heard.port).toBeUndefined();
});

test('what an earlier text says comes first', () => {
  expect(portsIn(['port: 1111', 'listen(2222)']).port).toBe(1111);
});

test.each([
  {
    summary: 'below a prefix it is no path',
    app: 'include_router(r, prefix="/items")\n@app.get("/up")',
    want: { path: '/up' },
  },
  { summary: 'nor below the only one', app: "app.use('/api', require('./r'))", want: { pathless: true } },
  { summary: 'else it is', app: "app.use('/', require('./r'))", want: { path: '/' } },
])('what a router registers: $summary', ({ app, want }) => {
  const heard = portsIn([app, 'router = APIRouter()\n@router.get("/")']);
  expect(heard).toMatchObject(want);
  if (!('path' in want)) expect(heard.path).toBeUndefined();
});

test.each([
  { line: 'serve -s public -l 5050', want: 5050 },
  { line: 'verdaccio --listen 0.0.0.0:4873', want: 4873 },
  { line: 'puma --bind=tcp://0.0.0.0:9292', want: 9292 },
  { line: 'gunicorn -b :8000 app', want: 8000 },
  { line: 'json-server --port 3004', want: 3004 },
  { line: 'tool -l info --level 3', want: undefined },
])('the command $line names the port $want', ({ line, want }) => expect(portOfCommand(line)).toBe(want));
