/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
    // ES modules without another form, and one that loads Node's own at run time: Node can, jest cannot.
    'node_modules/(jose|@opentelemetry/otlp-exporter-base)/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(jose|@opentelemetry/otlp-exporter-base)/)'],
  extensionsToTreatAsEsm: [],
} satisfies Config;

/** Two kinds of test: pure ones that run in milliseconds, and ones against real servers. */
const config: Config = {
  // Suites against real servers wait for most of their time, so one more of them than there are cores.
  maxWorkers: availableParallelism() + 1,
  // Where a test hangs. How long it takes on a busy machine is no claim of a test, unless it measures that itself.
  testTimeout: 30_000,
  testSequencer: './test/kit/longest-first.cjs',
  projects: [
    { ...shared, displayName: 'pure', testMatch: ['<rootDir>/test/pure/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
      globalSetup: '<rootDir>/test/kit/global-setup.ts',
      globalTeardown: '<rootDir>/test/kit/global-teardown.ts',
    },
  ],
};

export default config;
