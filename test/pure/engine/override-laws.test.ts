/** Laws of overrides, on generated plans: whatever people change, skip, choose, replace, decline or attest, and when. */
import fc from 'fast-check';
import type { AwfContract } from '../../../src/dsl/awf';
import type { Command, EngineEvent, Happening, OverrideChange } from '../../../src/engine/effects';
import { fold } from '../../../src/engine/fold';
import { interpret } from '../../../src/engine/interpret';
import { layoutOf, planNodeOf } from '../../../src/engine/layout';
import type { EngineState } from '../../../src/engine/state';
import type { TraceEvent } from '../../../src/engine/trace';
import type { Json } from '../../../src/kernel/json';
import type { Plan, PlannedAwf } from '../../../src/plan/plan';
import { ModelWorld } from '../../../src/simulator/model-world';
import { PredictedEffects, type Oracle } from '../../../src/simulator/simulator';
import { seededOracle } from '../../kit/oracle';
import { arbitraryPlan, inLanes, putBox, toyContracts } from '../../kit/plans';
import { runs } from '../../kit/runs';

/** Plans per law. */
const RUNS = runs(120);

/** Another way to put a box there, which no plan knows. */
const PUT_BLUE = { ...putBox, name: 'toy.put_blue' } as unknown as AwfContract;
const contracts = new Map([...toyContracts, [PUT_BLUE.name, PUT_BLUE]]);
const plannedBlue: PlannedAwf = {
  version: 1,
  effect: 'mutate',
  reversibility: 'full',
  risk: putBox.risk,
  external: false,
  timeoutMs: 5_000,
  compensation: 'toy.take',
};

const plans = fc
  .tuple(arbitraryPlan(), fc.nat(), fc.constantFrom(0, 15, 40))
  .map(([plan, seed, trouble]) => [inLanes(plan, seed), seed, trouble] as const);

interface Story {
  readonly state: EngineState;
  readonly trace: readonly TraceEvent[];
  readonly world: ModelWorld;
  readonly commands: readonly Command[];
  readonly happenings: readonly Happening[];
}

/** People who meddle: with what they see in the trace, and with steps that have yet to come. */
class Meddlers {
  readonly world = new ModelWorld();
  private readonly undoneByHand = new Set<string>();
  private readonly nodes: readonly string[];
  private readonly choices: ReadonlySet<string>;
  private asked = 0;

  constructor(
    plan: Plan,
    private readonly seed: number,
  ) {
    const layout = layoutOf(plan);
    this.nodes = [...layout.home.keys()];
    this.choices = new Set(this.nodes.filter((id) => planNodeOf(layout, id)?.kind === 'choice'));
  }

  oracle(base: Oracle): Oracle {
    const held = new Set<string>();
    return {
      ...base,
      fire: (node, awf, input) => {
        if (!held.has(node) && this.roll(`hold ${node}`) < 40) {
          held.add(node);
          return { as: 'held', because: 'copilot' };
        }
        return base.fire!(node, awf, input);
      },
      resolve: (node) => {
        if (!this.undoneByHand.has(node)) return base.resolve!(node);
        this.put(node, 'toy.take');
        return { as: 'supply', evidence: 'ticket 8' };
      },
      act: (seen) => this.react(seen),
    };
  }

  private react(seen: TraceEvent): readonly EngineEvent[] {
    // What is attested was done: the box is there.
    if (seen.kind === 'awf.attested') this.put(seen.node, 'toy.put');
    if (seen.kind === 'incident.open' && seen.code === 'UNDO_BY_HAND') this.undoneByHand.add(seen.node);
    if (seen.kind === 'override' || seen.kind === 'override.refused' || this.asked > 60) return [];
    const dice = this.roll(`meddle ${this.asked++}`);
    if (dice >= 50) return [];
    const later = this.nodes[dice % this.nodes.length]!;
    const node = seen.kind === 'awf.held' && dice % 2 === 0 ? seen.node : later;
    const change = this.changeOf(node, this.roll(`what ${this.asked}`));
    const scope = dice % 3 === 0 ? 'outcome' : 'step';
    return [{ kind: 'override', override: { node, change, by: 'person:ada', reason: 'a test', scope } }];
  }

  private changeOf(node: string, dice: number): OverrideChange {
    if (this.choices.has(node)) return { do: 'choose', value: String(dice % 2 === 0) };
    switch (dice % 8) {
      case 0:
        return { do: 'skip' };
      case 1:
      case 2:
        return { do: 'edit', input: { box: `edited ${node} ${this.asked}` } };
      case 3:
        return { do: 'choose', value: String(dice % 2 === 0) };
      case 4:
      case 5:
        return { do: 'replace', awf: PUT_BLUE.name, awfs: { [PUT_BLUE.name]: plannedBlue } };
      case 6:
        return { do: 'decline', then: dice % 2 === 0 ? 'backstep' : 'complete' };
      default: {
        const undo = dice % 3 === 0 ? 'compensation' : 'person';
        const box = boxByHand(node);
        return {
          do: 'attest',
          output: box,
          evidence: 'ticket 7',
          undo,
          ...(dice % 2 === 0 ? { args: box } : {}),
        };
      }
    }
  }

  private put(node: string, awf: string): void {
    const box = boxByHand(node);
    this.world.predict((world) => contracts.get(awf)!.predict(world, box));
  }

  private roll(text: string): number {
    let hash = this.seed;
    for (const letter of text) hash = (Math.imul(hash ^ letter.charCodeAt(0), 2654435761) >>> 0) % 1_000_003;
    return hash % 100;
  }
}

/** The box that a person put there instead; one for all elements of a for-each. */
const boxByHand = (node: string) => ({ box: `by hand ${node.slice(node.lastIndexOf('/') + 1)}` });

class Recording extends PredictedEffects {
  readonly commands: Command[] = [];
  override perform(command: Command): void {
    this.commands.push(command);
    super.perform(command);
  }
}

async function meddledRun(plan: Plan, seed: number, trouble: number): Promise<Story> {
  const people = new Meddlers(plan, seed);
  const oracle = people.oracle(seededOracle(plan, seed, trouble));
  const effects = new Recording({ plan, contracts, world: people.world, oracle });
  const trace: TraceEvent[] = [];
  const happenings: Happening[] = [];
  const state = await interpret(plan, effects, {
    at: 0,
    observe: (advance, _, happening) => {
      if (happening !== undefined) happenings.push(happening);
      trace.push(...advance.trace);
      effects.watch(advance.trace);
    },
  });
  return { state, trace, world: people.world, commands: effects.commands, happenings };
}

const check = (law: (plan: Plan, seed: number, trouble: number) => Promise<void>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(plans, ([plan, seed, trouble]) => law(plan, seed, trouble)),
    { numRuns: RUNS },
  );

describe('whatever people override', () => {
  it('every outcome ends, and a backstepped one leaves the world as it was', async () => {
    const taken = new Map<string, number>();
    await check(async (plan, seed, trouble) => {
      const { state, trace, world } = await meddledRun(plan, seed, trouble);
      expect(['completed', 'backstepped']).toContain(state.phase);
      expect(state.inFlight).toBe(0);
      for (const event of trace) {
        const what = event.kind === 'override' ? event.change.do : event.kind;
        taken.set(what, (taken.get(what) ?? 0) + 1);
      }
      if (state.phase === 'backstepped' && state.residue.length === 0) expect(world.snapshot()).toBe('{}');
      expect(state.residue).toEqual([]);
    });
    // The law says nothing of what never came about.
    const all = [
      'skip',
      'edit',
      'choose',
      'replace',
      'decline',
      'attest',
      'override.refused',
      'awf.attested',
    ];
    if (RUNS >= 120) for (const what of all) expect([what, taken.get(what) ?? 0]).not.toEqual([what, 0]);
  });

  it('a completed outcome can still be taken back whole', async () => {
    await check(async (plan, seed, trouble) => {
      const done = await meddledRun(plan, seed, trouble);
      if (done.state.phase !== 'completed') return;
      const byHand = Object.entries(done.state.nodes).filter(([, one]) => one.attested !== undefined);
      const effects = new PredictedEffects({
        plan,
        contracts,
        world: done.world,
        oracle: {
          resolve: (node) => {
            expect(byHand.map(([id]) => id)).toContain(node);
            const { box } = done.state.nodes[node]!.output as { readonly box: string };
            done.world.predict((world) => toyContracts.get('toy.take')!.predict(world, { box }));
            return { as: 'supply', evidence: 'ticket 9' };
          },
        },
      });
      const state = await interpret(plan, effects, {
        at: 0,
        from: done.state,
        first: [{ kind: 'backstep', by: 'person:ada' }],
        observe: (advance) => effects.watch(advance.trace),
      });
      expect(state.phase).toBe('backstepped');
      expect(done.world.snapshot()).toBe('{}');
    });
  });

  it('nothing that changes the world is fired without its compensation', async () => {
    await check(async (plan, seed, trouble) => {
      const { commands } = await meddledRun(plan, seed, trouble);
      for (const command of commands) {
        if (command.do !== 'fire') continue;
        const awf = command.foreign ?? plan.awfs[command.awf];
        expect([command.awf, command.compensation]).toEqual([command.awf, awf?.compensation]);
        if (awf?.effect === 'mutate') expect(plan.awfs[command.compensation ?? '']).toBeDefined();
      }
    });
  });

  it('a step is fired with what was said of it, and not at all once it was skipped or attested', async () => {
    let edited = 0;
    await check(async (plan, seed, trouble) => {
      const { commands, trace } = await meddledRun(plan, seed, trouble);
      const over = trace.flatMap((event) =>
        (event.kind === 'awf.skipped' && event.code === 'OVERRIDDEN') || event.kind === 'awf.attested'
          ? [event.node]
          : [],
      );
      const firedAfter = over.filter((node) => {
        const last = trace.findLastIndex((event) => event.kind === 'awf.ok' && event.node === node);
        const at = trace.findIndex(
          (event) => (event.kind === 'awf.skipped' || event.kind === 'awf.attested') && event.node === node,
        );
        return last > at;
      });
      expect(firedAfter).toEqual([]);
      for (const command of commands) {
        if (command.do !== 'fire') continue;
        const box = (command.input as { readonly box: string }).box;
        if (box.startsWith('edited ')) edited += 1;
      }
    });
    if (RUNS >= 120) expect(edited).toBeGreaterThan(0);
  });

  it('the history tells the same story and the same state again', async () => {
    await check(async (plan, seed, trouble) => {
      const { state, trace, happenings } = await meddledRun(plan, seed, trouble);
      const told = fold(plan, { at: 0 }, happenings);
      expect(told.trace).toEqual(trace);
      expect(told.state as unknown as Json).toEqual(JSON.parse(JSON.stringify(state)));
    });
  });
});
