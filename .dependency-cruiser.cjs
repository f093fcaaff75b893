// The direction of DESIGN: model ← formats, resolver, baker, validator, distributor, triggers ← app (+ ports)
// ← adapters, workflow ← lambdas, src/cli, bin. Checked by `npm run check`.
const LAYERS = {
  model: [],
  ports: ['model'],
  formats: ['model'],
  resolver: ['model', 'formats'],
  validator: ['model', 'formats'],
  distributor: ['model', 'formats'],
  triggers: ['model', 'formats', 'resolver'],
  baker: ['model', 'formats', 'ports'],
  app: ['model', 'formats', 'ports', 'resolver', 'validator', 'distributor', 'triggers', 'baker'],
  workflow: ['model', 'formats', 'ports', 'app'],
  adapters: ['model', 'formats', 'ports', 'app', 'baker'],
};

const layerRules = Object.entries(LAYERS).map(([layer, allowed]) => ({
  name: `${layer}-imports-inwards`,
  comment: `src/${layer} may import ${['itself', ...allowed].join(', ')} of Kiln's folders, and no other`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: '^(src|lambdas|lib|bin)/', pathNot: `^src/(${[layer, ...allowed].join('|')})/` },
}));

// Within src/app, a folder may import those that stand before it. docs/architecture.md tells what is in each.
const USE_CASES = [
  'sources',
  'application',
  'lock',
  'init-spec',
  'prove',
  'gate',
  'sharing',
  'impact',
  'retention',
  'steps',
  'launch',
  'report',
  'rejudge',
  'watch',
];

// The same of src/baker, from files to a disk; `types.ts` is for all.
const BAKING = ['tree', 'boot', 'disk', 'application', 'runtime', 'stage', 'prune', 'identity'];

const backwards = (layer, folders, shared = '') =>
  folders.map((folder, index) => ({
    name: `${layer}-${folder}-imports-backwards`,
    comment: `src/${layer}/${folder} may import src/${layer}/${folders.slice(0, index).join(', ')}, and no other`,
    severity: 'error',
    from: { path: `^src/${layer}/${folder}/` },
    to: { path: `^src/${layer}/`, pathNot: `^src/${layer}/((${folders.slice(0, index + 1).join('|')})/${shared})` },
  }));

module.exports = {
  forbidden: [
    ...layerRules,
    ...backwards('app', USE_CASES),
    ...backwards('app/init-spec', ['draft', 'package', 'language', 'folder']),
    ...backwards('baker', BAKING, '|types[.]ts$'),
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'aws-sdk-in-its-adapters',
      severity: 'error',
      from: { path: '^(src|lambdas|lib|bin)/', pathNot: '^src/adapters/aws/' },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'cdk-in-lib',
      severity: 'error',
      from: { path: '^(src|lambdas|lib|bin)/', pathNot: '^(lib/|bin/app\\.ts$)' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'lib-imports-definitions-only',
      comment: 'lib/ imports src/workflow and src/model, so that a stack knows nothing of how a step works',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(src|lambdas|bin)/', pathNot: '^src/(workflow|model)/' },
    },
    {
      name: 'handler-knows-no-adapter',
      comment: 'a handler is a factory over ports; its index.ts composes it with adapters',
      severity: 'error',
      from: { path: '^lambdas/.*/handler\\.ts$' },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|lambdas|lib|bin)/' },
      to: { path: '^(test|bench)/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(cdk\\.out|node_modules/@types)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
