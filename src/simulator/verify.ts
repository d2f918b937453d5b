/**
 * Verify: walks every path of a plan and every point of failure on it, and shows that the compensations return the world to
 * where it was. A path is a list of answers to the questions a run asks: which case, how does this firing go, who decides.
 * Authoring ring: no I/O.
 */
import { invariant } from '../kernel/invariant';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { AwfContract } from '../dsl/awf';
import { mapBlocks } from '../plan/blocks';
import type { Plan } from '../plan/plan';
import { ModelWorld, type Objects } from './model-world';
import { simulate, type FireMode, type Simulated } from './simulator';

export interface Verification {
  /** Complete runs walked. */
  readonly runs: number;
  /** Runs without any failure: one per combination of cases. */
  readonly paths: number;
  /** Distinct points at which a failure was injected. */
  readonly failurePoints: number;
  readonly completed: number;
  readonly backstepped: number;
  /** Completed runs that were then backstepped as a whole, inside the undo window. */
  readonly undoneAfterwards: number;
  readonly problems: readonly VerificationProblem[];
  /** Whether the bound of runs was reached before all were walked. */
  readonly truncated: boolean;
}

export interface VerificationProblem {
  /** The answers that lead there, such as `identity: unanswered after the effect`. */
  readonly path: readonly string[];
  readonly message: string;
}

export interface VerificationRequest {
  readonly plan: Plan;
  readonly contracts: ReadonlyMap<string, AwfContract>;
  /** The world before, for predictions that read it. */
  readonly world?: Objects;
  /** Failures on one path; default 2, so that a failure inside an exit's branch is walked too. */
  readonly failuresPerPath?: number;
  /** Bound on runs; default 50,000. */
  readonly maxRuns?: number;
}

interface Question {
  readonly id: string;
  /** The first one is the undisturbed answer. */
  readonly options: readonly Option[];
  readonly taken: number;
}

interface Option {
  readonly says: string;
  readonly isFailure: boolean;
}

export async function verify(request: VerificationRequest): Promise<Verification> {
  const { failuresPerPath = 2, maxRuns = 50_000 } = request;
  const problems: VerificationProblem[] = [];
  const points = new Set<string>();
  const count = { runs: 0, paths: 0, completed: 0, backstepped: 0, undoneAfterwards: 0 };
  const open: (readonly number[])[] = [[]];
  for (let answers = open.pop(); answers !== undefined; answers = open.pop()) {
    if (count.runs >= maxRuns) return { ...count, failurePoints: points.size, problems, truncated: true };
    const walk = await walkOnce(request, answers);
    count.runs += 1;
    const taken = walk.questions.map((question) => question.options[question.taken]!);
    const failures = taken.filter((option) => option.isFailure).length;
    if (failures === 0) count.paths += 1;
    walk.questions.forEach((question) => {
      if (question.options[question.taken]!.isFailure) points.add(question.id);
    });
    count[walk.phase] += 1;
    if (walk.isUndone) count.undoneAfterwards += 1;
    if (walk.problem !== undefined) problems.push({ path: pathOf(walk.questions), message: walk.problem });
    for (let i = walk.questions.length - 1; i >= answers.length; i--) {
      const spent = taken.slice(0, i).filter((option) => option.isFailure).length;
      const question = walk.questions[i]!;
      question.options.forEach((option, n) => {
        if (n === 0 || (option.isFailure && spent >= failuresPerPath)) return;
        open.push([...walk.questions.slice(0, i).map((q) => q.taken), n]);
      });
    }
  }
  return { ...count, failurePoints: points.size, problems, truncated: false };
}

interface Walk {
  readonly questions: readonly Question[];
  readonly phase: 'completed' | 'backstepped';
  /** Whether the completed outcome was taken back afterwards. */
  readonly isUndone: boolean;
  readonly problem: string | undefined;
}

async function walkOnce(request: VerificationRequest, answers: readonly number[]): Promise<Walk> {
  const before = request.world ?? new Map<string, Json>();
  const questions: Question[] = [];
  const ask = (id: string, options: readonly Option[]): number => {
    const taken = answers[questions.length] ?? 0;
    questions.push({ id, options, taken });
    return taken;
  };
  const plan = forceChoices(request.plan, ask);
  const oracle = {
    fire: (node: string, awf: AwfContract): FireMode => {
      const modes = fireModes(awf);
      return modes[ask(node, modes)]!.mode;
    },
    undo: (node: string): 'predicted' | Failure =>
      ask(`${node} (undo)`, UNDO_OPTIONS) === 0 ? 'predicted' : refused('SYSTEM_UNAVAILABLE'),
    gate: (gate: string) => (['approve', 'reject', 'expire'] as const)[ask(gate, GATE_OPTIONS)]!,
    signal: (name: string): Json | undefined =>
      ask(`signal ${name}`, SIGNAL_OPTIONS) === 0 ? null : undefined,
    resolve: () => ({ as: 'retry' as const }),
  };
  const world = new ModelWorld(before);
  const forward = await simulate({ plan, contracts: request.contracts, world, oracle });
  const { phase } = forward.state;
  invariant(phase === 'completed' || phase === 'backstepped', 'a walked outcome is over');
  // Past the pivot an outcome goes forward only: there is no world to come back to.
  if (phase === 'completed' && forward.state.pivoted)
    return { questions, phase, isUndone: false, problem: undefined };
  const end = phase === 'completed' ? await goBack(request, plan, forward) : forward;
  return { questions, phase, isUndone: phase === 'completed', problem: problemOf(end, before) };
}

/** A completed outcome is undone as a whole: its world must come back too. */
function goBack(request: VerificationRequest, plan: Plan, done: Simulated): Promise<Simulated> {
  return simulate({
    plan,
    contracts: request.contracts,
    world: done.world,
    from: done.state,
    first: [{ kind: 'backstep', by: 'person:verify' }],
    prior: done.captured,
  });
}

function problemOf(end: Simulated, before: Objects): string | undefined {
  const kept = new Set(end.state.residue);
  const differences = end.world.differences(before);
  if (kept.size > 0) {
    return `nothing undoes ${[...kept].map((node) => `\`${node}\``).join(', ')}`;
  }
  return differences.length === 0 ? undefined : `the world is not as before at ${differences.join(', ')}`;
}

const pathOf = (questions: readonly Question[]): readonly string[] =>
  questions
    .filter((question) => question.taken > 0)
    .map((question) => `${question.id}: ${question.options[question.taken]!.says}`);

const UNDO_OPTIONS: readonly Option[] = [
  { says: 'undone', isFailure: false },
  { says: 'undo fails, a person has it tried again', isFailure: true },
];
const GATE_OPTIONS: readonly Option[] = [
  { says: 'approved', isFailure: false },
  { says: 'rejected', isFailure: true },
  { says: 'expired', isFailure: true },
];
const SIGNAL_OPTIONS: readonly Option[] = [
  { says: 'signal comes', isFailure: false },
  { says: 'signal does not come', isFailure: true },
];

/** Everything that can become of one firing: done, each declared error, refused in general, unanswered both ways. */
function fireModes(awf: AwfContract): readonly (Option & { readonly mode: FireMode })[] {
  const codes = [...Object.keys(awf.errors), 'SYSTEM_REFUSED'];
  const failed = codes.map((code) => ({
    says: `fails with ${code}`,
    isFailure: true,
    mode: { as: 'refused', failure: refused(code) } as const,
  }));
  const unanswered = [true, false].map((happened) => ({
    says: happened ? 'unanswered after the effect' : 'unanswered before the effect',
    isFailure: true,
    mode: { as: 'unanswered', happened } as const,
  }));
  return [
    { says: 'done', isFailure: false, mode: { as: 'predicted' } },
    ...failed,
    ...(awf.effect === 'mutate' ? unanswered : []),
  ];
}

const refused = (code: string): Failure => ({
  class: 'permanent',
  code,
  message: 'injected',
  effect: 'none',
});

/** The same plan with every choice on an output decided by a question, so that all cases are walked. */
function forceChoices(plan: Plan, ask: (id: string, options: readonly Option[]) => number): Plan {
  return mapBlocks(plan, (node) => {
    if (node.kind !== 'choice') return node;
    const values = Object.keys(node.cases);
    const options = values.map((value) => ({ says: `case ${value}`, isFailure: false }));
    const taken = values[ask(node.id, options)]!;
    // The other cases are emptied, so that what they hold asks nothing.
    const cases = values.map(
      (value) => [value, value === taken ? node.cases[value]! : { nodes: [] }] as const,
    );
    return { ...node, on: { lit: taken }, cases: Object.fromEntries(cases) };
  });
}
