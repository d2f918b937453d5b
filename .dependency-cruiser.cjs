// The four rings of the house: an arrow only ever points inward. `npm run rings` runs this.
const PURE = '^src/(kernel|plan|governance|engine|audit)/';
const AUTHORING = '^src/(dsl|config|compiler|simulator)/';
const ADAPTERS =
  '^src/(approvals|store|temporal|projection|cortex|sandbox|embedded|telemetry|notices|replay)/';
const ENTRY = '^src/(api|cli)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-ring-imports-only-itself',
      comment: 'the same code runs inside the Temporal sandbox, in the simulator and in tests',
      severity: 'error',
      from: { path: PURE },
      to: { pathNot: PURE },
    },
    {
      name: 'kernel-is-the-floor',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { pathNot: '^src/kernel/' },
    },
    {
      name: 'authoring-ring-does-no-io',
      severity: 'error',
      from: { path: AUTHORING },
      to: { pathNot: [PURE, AUTHORING, 'node_modules/(zod|yaml)/'] },
    },
    {
      name: 'adapters-do-not-know-the-entries',
      severity: 'error',
      from: { path: ADAPTERS },
      to: { path: [ENTRY, '^runbooks/'] },
    },
    {
      name: 'only-the-store-speaks-sql',
      severity: 'error',
      from: { pathNot: ['^src/(store|embedded)/', '^test/', '^bench/', '^drizzle.config.ts'] },
      to: { path: 'node_modules/(pg|drizzle-orm)/' },
    },
    {
      name: 'workflows-are-a-thin-adapter',
      comment: 'no runbook, DSL, zod or catalog enters the workflow bundle',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { pathNot: ['^workflows/', PURE, 'node_modules/@temporalio/(workflow|common)/'] },
    },
    {
      name: 'runbooks-know-contracts-only',
      severity: 'error',
      from: { path: '^runbooks/' },
      to: {
        pathNot: [
          '^runbooks/',
          '^src/(kernel|plan|dsl)/',
          '^activities/[^/]+/contract\\.ts$',
          'node_modules/zod/',
        ],
      },
    },
    {
      name: 'contracts-load-no-sdk',
      severity: 'error',
      from: { path: '^activities/[^/]+/contract\\.ts$' },
      to: { pathNot: ['^activities/[^/]+/contract\\.ts$', '^src/(kernel|plan|dsl)/', 'node_modules/zod/'] },
    },
    {
      name: 'replay-can-fire-nothing',
      comment:
        'no effect is constructible there, nothing is started or signalled, and no server is brought up',
      severity: 'error',
      from: { path: '^src/replay/' },
      to: {
        path: [
          '^activities/([^/]+/(activities|client)|index)\\.ts$',
          '^src/temporal/(dispatcher|activities|attempt|admission|governed-admission|worker|client|controls|control-activities|authority-robot|releaser)\\.ts$',
          '^src/(app|api|cli|embedded|sandbox)/',
          'node_modules/@temporalio/(client|activity)/',
        ],
        reachable: true,
      },
    },
    {
      name: 'replay-knows-the-replayer-of-the-worker-alone',
      severity: 'error',
      from: { path: '^src/replay/', pathNot: '^src/replay/verify\\.ts$' },
      to: { path: 'node_modules/@temporalio/worker/' },
    },
    {
      name: 'use-cases-of-replay-can-fire-nothing',
      comment: 'they read from services, and lead to no effect',
      severity: 'error',
      from: { path: '^src/app/replay/' },
      to: {
        path: [
          '^activities/([^/]+/(activities|client)|index)\\.ts$',
          '^src/temporal/(dispatcher|activities)\\.ts$',
        ],
        reachable: true,
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
