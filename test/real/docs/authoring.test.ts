/** Every example on the page for authors is type-checked, compiled and verified as it stands there. */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { contracts } from '../../../activities';
import { runbooks } from '../../../runbooks';
import type { AnyRunbook } from '../../../src/dsl';
import type { AwfContract } from '../../../src/dsl/awf';
import { catalogOf } from '../../../src/dsl/catalog';
import { PLAN_LIMITS } from '../../../src/plan/limits';
import { verify } from '../../../src/simulator/verify';
import { given, planOf } from '../../kit/compile';

const ROOT = path.join(__dirname, '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/authoring.md'), 'utf8');
const DIR = path.join(ROOT, '.cache', `authoring-${process.pid}`);

/** Code of each example by the path that its first line names. */
const EXAMPLES = [...PAGE.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, file = '', code = '']) => ({
  file,
  code,
}));

const SARAH = {
  id: 'person:sarah.chen',
  fields: {
    name: 'Sarah Chen',
    email: 'sarah.chen@acme.test',
    workdayId: 'Contingent_Worker_ID=sarah.chen',
    contractEnd: '2027-05-31',
    deviceGroup: 'devices-sarah.chen',
  },
};

const PARAMS = {
  item: 'MacBook Pro 14',
  channels: ['general'],
  team: 'Design',
  groups: ['contractors'],
  kind: 'engineer',
  teams: ['design', 'all'],
};

/** The project with the examples in it: folders of links, so that an example imports what it would import in place. */
function layOut(): void {
  symlink('src');
  for (const folder of ['activities', 'runbooks/people']) {
    for (const name of readdirSync(path.join(ROOT, folder))) symlink(path.join(folder, name));
  }
  for (const { file, code } of EXAMPLES) {
    const target = path.join(DIR, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
}

function symlink(name: string): void {
  const link = path.join(DIR, name);
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(path.join(ROOT, name), link);
}

beforeAll(layOut);
afterAll(() => rmSync(DIR, { recursive: true, force: true }));

it('every block of TypeScript on the page names its file', () => {
  expect(EXAMPLES).toHaveLength(PAGE.split('```ts').length - 1);
  expect(EXAMPLES.length).toBeGreaterThan(7);
});

it('every example passes the type checker', () => {
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const files = EXAMPLES.map(({ file }) => path.join(DIR, file));
  const { incremental: _, tsBuildInfoFile: __, ...rest } = options;
  const program = ts.createProgram(files, { ...rest, types: ['node'] });
  const mistakes = files.flatMap((file) =>
    [
      ...program.getSemanticDiagnostics(program.getSourceFile(file)),
      ...program.getSyntacticDiagnostics(program.getSourceFile(file)),
    ].map(
      ({ messageText }) =>
        `${path.relative(DIR, file)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    ),
  );
  expect(mistakes).toEqual([]);
}, 60_000);

describe('every runbook on the page', () => {
  const files = EXAMPLES.map(({ file }) => file).filter((file) => file.startsWith('runbooks/'));

  it.each(files)('%s compiles, and each way back restores the world', async (file) => {
    const badges = exportsOf<AwfContract>('activities/badges/contract.ts');
    const all = [...contracts, ...badges];
    const [runbook] = exportsOf<AnyRunbook>(file);
    const known = Object.entries(PARAMS).filter(([name]) => Object.hasOwn(runbook!.params.shape, name));
    const { plan } = planOf(runbook!, {
      entity: SARAH,
      params: given(Object.fromEntries(known)),
      event: { ticket: 'T-1' },
      catalog: catalogOf(all, [...runbooks, runbook!]),
    });
    const verified = await verify({ plan, contracts: new Map(all.map((awf) => [awf.name, awf])) });
    expect(verified.problems).toEqual([]);
    expect(verified.failurePoints).toBeGreaterThan(0);
  });
});

const exportsOf = <T>(file: string): readonly T[] =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the file is written by this test
  Object.values(require(path.join(DIR, file)) as Record<string, T>);

it('what the compiler is quoted to say is what it says', () => {
  const quoted = /```\n(half\.a\.choice[\s\S]*?)```/.exec(PAGE)![1]!;
  expect(readFileSync(path.join(ROOT, 'test/golden/plans/broken.txt'), 'utf8')).toContain(quoted);
});

it('the limits on the page are those of the plan', () => {
  const rows = [...PAGE.slice(PAGE.indexOf('## Limits')).matchAll(/^\| .*\| ([\d,]+)(?: days)? *\|$/gm)];
  const figures = rows.map(([, figure = '']) => Number(figure.replaceAll(',', '')));
  expect(figures).toEqual([
    PLAN_LIMITS.nodes,
    PLAN_LIMITS.planBytes,
    PLAN_LIMITS.fanOut,
    PLAN_LIMITS.eachElements,
    PLAN_LIMITS.subRunbookDepth,
    PLAN_LIMITS.blockDepth,
    PLAN_LIMITS.choiceCases,
    PLAN_LIMITS.exitRetries,
    PLAN_LIMITS.waitMs / 86_400_000,
    PLAN_LIMITS.payloadBytes,
    PLAN_LIMITS.configurations,
  ]);
});
