/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
    // An ES module without another form: Node can require it, jest cannot.
    'node_modules/jose/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  extensionsToTreatAsEsm: [],
} satisfies Config;

/** Two kinds of test: pure ones that run in milliseconds, and ones against real servers. */
const config: Config = {
  projects: [
    { ...shared, displayName: 'pure', testMatch: ['<rootDir>/test/pure/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
    },
  ],
};

export default config;
