/** Laws of the compiler on generated runbooks, right ones and wrong ones. */
import fc from 'fast-check';
import { compile } from '../../../src/compiler';
import type { AwfContract } from '../../../src/dsl/awf';
import { decodePlan } from '../../../src/plan/decode';
import type { Block, PlanNode } from '../../../src/plan/plan';
import { simulate, type Oracle } from '../../../src/simulator/simulator';
import { request, TOYS } from '../../kit/compile';
import { injected } from '../../kit/oracle';
import { arbitraryRunbook, CARELESS, type Carelessness } from '../../kit/runbooks';
import { runs } from '../../kit/runs';

/** The toys, refusing any input that their schema does not allow: a reference to nothing reads as `null` there. */
const contracts: ReadonlyMap<string, AwfContract> = new Map(
  TOYS.map((toy) => {
    const contract = toy as unknown as AwfContract;
    const predict: AwfContract['predict'] = (world, input) =>
      contract.predict(world, contract.input.parse(input));
    return [contract.name, { ...contract, predict }];
  }),
);

/** Every `trouble`-th firing fails; gates and signals go both ways. */
const oracle = (seed: number, trouble: number): Oracle => {
  let asked = seed;
  const next = (below: number): number => (asked = (asked * 48_271 + 11) % 2_147_483_647) % below;
  const codes = ['taken', 'gone', 'SYSTEM_REFUSED'];
  return {
    fire: () =>
      next(trouble) === 0 ? { as: 'refused', failure: injected(codes[next(3)]!) } : { as: 'predicted' },
    gate: () => (['approve', 'approve', 'reject', 'expire'] as const)[next(4)]!,
    signal: () => (next(2) === 0 ? 'data' : undefined),
    resolve: () =>
      next(2) === 0 ? { as: 'backstep', reason: 'enough' } : { as: 'accept', reason: 'enough' },
    latencyMs: () => 1 + next(100),
  };
};

const plansOf = (careless: Carelessness) =>
  arbitraryRunbook(careless).map((runbook) => compile(request(runbook)));
const anyPlan = fc.constantFrom(...CARELESS).chain(plansOf);

const nodesOf = (block: Block): readonly PlanNode[] => block.nodes;

describe('a generated runbook', () => {
  it('compiles or is refused, and never breaks the compiler', () => {
    let refused = 0;
    fc.assert(
      fc.property(anyPlan, (compiled) => {
        if (!compiled.ok) {
          refused++;
          expect(compiled.error.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: runs(300) },
    );
    // Otherwise the property above would say nothing.
    expect(refused).toBeGreaterThan(20);
  });

  it('gives a plan that decodes to itself, under ids that are unique, in canonical order', () => {
    let made = 0;
    fc.assert(
      fc.property(plansOf('nothing'), (compiled) => {
        if (!compiled.ok) return;
        made++;
        expect(decodePlan(compiled.value.bytes)).toEqual({ ok: true, value: compiled.value.plan });
      }),
      { numRuns: runs(200) },
    );
    expect(made).toBeGreaterThan(50);
  });

  it('gives the same bytes each time', () => {
    fc.assert(
      fc.property(arbitraryRunbook('nothing'), (runbook) => {
        expect(compile(request(runbook))).toEqual(compile(request(runbook)));
      }),
      { numRuns: runs(50) },
    );
  });

  it('that compiles never reads an output that is not there, whatever goes wrong', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        anyPlan,
        fc.nat(1_000_000),
        fc.integer({ min: 2, max: 12 }),
        async (compiled, seed, trouble) => {
          if (!compiled.ok) return;
          run++;
          // An output that is missing is refused by a schema, or is an InvariantViolation: both reject.
          const { state } = await simulate({
            plan: compiled.value.plan,
            contracts,
            oracle: oracle(seed, trouble),
          });
          expect(['completed', 'backstepped']).toContain(state.phase);
        },
      ),
      { numRuns: runs(300) },
    );
    expect(run).toBeGreaterThan(50);
  });

  it('has no edge that others imply', () => {
    fc.assert(
      fc.property(plansOf('nothing'), (compiled) => {
        if (!compiled.ok) return;
        const nodes = nodesOf(compiled.value.plan.body);
        const behind = new Map<string, ReadonlySet<string>>();
        for (const { id, after = [] } of nodes) {
          for (const one of after) {
            expect(after.some((other) => other !== one && behind.get(other)?.has(one))).toBe(false);
          }
          behind.set(id, new Set(after.flatMap((one) => [one, ...(behind.get(one) ?? [])])));
        }
      }),
      { numRuns: runs(100) },
    );
  });
});
