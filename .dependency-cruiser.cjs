/** The directions of imports, as docs/architecture.md states them. */
const allowed = {
  'libs/charts': [],
  'libs/events': [],
  'libs/flows': [],
  'libs/alerts': ['libs/events'],
  'libs/config': ['libs/events'],
  'libs/rules': ['libs/alerts', 'libs/config', 'libs/events'],
  'libs/telemetry': ['libs/events'],
  'libs/features': ['libs/events', 'libs/flows'],
  'libs/engine': ['libs/events', 'libs/flows', 'libs/features'],
  'libs/detector': ['libs/events', 'libs/flows', 'libs/features', 'libs/engine'],
  'libs/stream': ['libs/events'],
  'libs/tables': ['libs/config', 'libs/events', 'libs/stream'],
  'libs/evaluation': ['libs/detector', 'libs/events', 'libs/features', 'libs/flows', 'libs/tables'],
  'libs/kafka': ['libs/events', 'libs/stream'],
  'libs/sinks': ['libs/alerts', 'libs/config', 'libs/events', 'libs/stream'],
  'libs/db': ['libs/alerts', 'libs/events', 'libs/stream'],
  'libs/operations': [
    ...['alerts', 'config', 'db', 'detector', 'engine', 'events', 'features', 'kafka', 'rules', 'sinks', 'stream'],
    'telemetry',
  ].map((name) => `libs/${name}`),
  'libs/embedded-postgres': ['libs/events'],
  'services/dashboard': ['libs/charts', 'libs/detector'],
};

const ourPackages = 'node_modules/@flowline/|^libs/|^services/';
const asPath = (folder) => `^${folder}/`;

const directions = Object.entries(allowed).map(([from, to]) => ({
  name: `${from.replace('libs/', '')}-imports`,
  comment: `${from} may import ${to.length === 0 ? 'nothing of ours' : to.join(', ')}.`,
  severity: 'error',
  from: { path: asPath(from) },
  to: { path: ourPackages, pathNot: [from, ...to].map(asPath) },
}));

/** Packages that only one of ours may import, or a few. */
const onlyImporter = (dependency, ...owners) => ({
  name: `only-${owners.join('-').replaceAll('/', '-')}-imports-${dependency.replaceAll('/', '-')}`,
  severity: 'error',
  from: { path: '^(libs|services)/', pathNot: owners.map(asPath) },
  to: { path: `node_modules/${dependency}/` },
});

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'services-apart',
      comment: 'Services never import one another; the CLI may import their programs, and nothing else of them.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: ['^services/$1/', '^services/(api|scorer|trainer)/src/index.ts$'] },
    },
    {
      name: 'services-are-programs',
      severity: 'error',
      from: { path: '^services/(api|scorer|trainer)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'production-alone',
      comment: 'Examples and the embedded Postgres are for demonstrations, tests and benchmarks.',
      severity: 'error',
      from: { path: '^(libs|services)/', pathNot: '^libs/embedded-postgres/' },
      to: { path: 'node_modules/@flowline/embedded-postgres/|^(libs/embedded-postgres|examples)/' },
    },
    {
      name: 'examples-import-libraries',
      comment: 'An example imports libraries and its own files, and starts services as their users do.',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(services|test|bench|examples)/', pathNot: '^examples/$1/' },
    },
    {
      name: 'flows-imports-tensorflow-only',
      severity: 'error',
      from: { path: '^libs/flows/', pathNot: '\\.test\\.ts$|/src/testing/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'], pathNot: 'node_modules/@tensorflow/' },
    },
    onlyImporter('preact-render-to-string', 'libs/charts'),
    onlyImporter('d3-(scale|shape)', 'libs/charts'),
    onlyImporter('kafkajs', 'libs/kafka'),
    onlyImporter('nodemailer', 'libs/sinks'),
    onlyImporter('pg', 'libs/db'),
    onlyImporter('hyparquet', 'libs/tables'),
    onlyImporter('pg-copy-streams', 'libs/db'),
    onlyImporter('@marcbachmann/cel-js', 'libs/rules'),
    onlyImporter('rrule-temporal', 'libs/rules'),
    onlyImporter('ical.js', 'libs/rules'),
    onlyImporter('@modelcontextprotocol', 'services/api'),
    onlyImporter('preact', 'libs/charts', 'services/dashboard'),
    onlyImporter('uplot', 'services/dashboard'),
    onlyImporter('pino', 'libs/telemetry'),
    onlyImporter('pino-pretty', 'libs/telemetry'),
    onlyImporter('prom-client', 'libs/telemetry'),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'declared-dependencies',
      comment: 'Every import is declared in the package.json of the package that makes it.',
      severity: 'error',
      // The dashboard is bundled when it is built.
      from: {
        path: '^(libs|services|bench|examples/(flights|images))/',
        pathNot: '\\.test\\.ts$|/src/testing/|^services/dashboard/',
      },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'unknown'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      from: { path: '^(libs|services|examples)/', pathNot: '\\.test\\.ts$|/src/testing/' },
      to: { path: '\\.test\\.ts$|/src/testing/|^(test|bench)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/|\\.(css|svg)$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['flowline:source', 'import', 'node', 'default', 'types'],
    },
  },
};
