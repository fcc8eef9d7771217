// Tests run against the TypeScript sources, as ES modules; `flowline:source` selects them.
const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['flowline:source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '\\.(ts|js)$': [
      '<rootDir>/test/support/setup/transform.mjs',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
    '\\.tsx$': [
      '<rootDir>/test/support/setup/transform.mjs',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
  setupFilesAfterEnv: ['async-storages', 'flat-arrays'].map((name) => `<rootDir>/test/support/setup/${name}.mjs`),
  // Libraries that compute.
  transformIgnorePatterns: ['/node_modules/(?!(@tensorflow|fast-check|pure-rand)/)'],
  modulePathIgnorePatterns: ['/dist/', '/.flowline/'],
  // Every test file loads its modules anew, which is half of the time of the unit tests: one file
  // of rxjs instead of 223, and none of zod's fifty languages.
  moduleNameMapper: {
    '^fast-check$': '<rootDir>/test/support/modules/fast-check.mjs',
    '^rxjs$': '<rootDir>/node_modules/rxjs/dist/bundles/rxjs.umd.js',
    '^rxjs/testing$': '<rootDir>/test/support/modules/rxjs-testing.mjs',
    '^\\.\\./locales/index\\.js$': '<rootDir>/test/support/modules/no-locales.mjs',
  },
  ...extra,
});

// Once a run, before the first test that needs Kafka or Postgres.
const servers = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

const folders = ['libs', 'services', 'bench', 'examples', 'scripts', 'test/support'];

export default {
  projects: [
    project(
      'unit',
      folders.map((folder) => `<rootDir>/${folder}/**/*.test.ts`),
      { testPathIgnorePatterns: ['/node_modules/', '\\.proof\\.test\\.ts$'] },
    ),
    // What takes longer than a few seconds: see CONTRIBUTING.md.
    project(
      'proofs',
      folders.map((folder) => `<rootDir>/${folder}/**/*.proof.test.ts`),
    ),
    project('integration', ['<rootDir>/test/integration/**/*.test.ts'], servers),
    project('e2e', ['<rootDir>/test/e2e/**/*.test.ts'], servers),
  ],
  testTimeout: 60_000,
  maxWorkers: 2,
};
