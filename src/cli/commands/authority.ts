/** `backstep dial|kill|guardrails|trust|decide`: how much the engine may do alone, and why. Entry ring. */
import {
  control,
  killAutomation,
  setDial,
  standInForce,
  trustOf,
  type InForce,
  type TrustState,
} from '../../app/control';
import { decide } from '../../governance/decide';
import { explain as explainDecision } from '../../governance/explain';
import { parseFacts } from '../../governance/facts-parse';
import { GUARDRAIL_IDS } from '../../governance/figures/guardrails';
import type { Mode } from '../../governance/mode';
import { didYouMean } from '../../kernel/diagnostic';
import { Complaint, usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { textOfInput } from '../files';
import { wholeOf } from '../numbers';
import { acceptedOf, configOf } from '../refuse';
import { withServices } from '../services';
import { table } from '../table';
import type { Terminal } from '../terminal';

interface ActOptions extends CommonOptions {
  readonly reason: string;
  readonly as: string;
}

export async function dial(
  context: CommandContext,
  [automation, mode]: readonly [automation: string, mode: Mode],
  options: ActOptions,
): CommandResult {
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const why = { by: options.as, reason: options.reason };
    const done = acceptedOf(await setDial(services, config, { automation, mode, ...why }));
    showDial(context.terminal, options, { automation, mode, control: done.id });
    return 0;
  });
}

interface DialSet {
  readonly automation: string;
  readonly mode: string;
  readonly control: string;
}

export function showDial(terminal: Terminal, { json }: CommonOptions, set: DialSet): void {
  const { automation, mode, control: id } = set;
  if (json) terminal.json({ automation, mode, control: id });
  else terminal.line(`the dial of ${automation} stands at ${mode}`);
}

interface Killed {
  readonly automation: string;
  readonly control: string;
  readonly executing: readonly { readonly outcome: string; readonly node: string; readonly awf: string }[];
}

export function showKill(terminal: Terminal, { json }: CommonOptions, killed: Killed): ExitCode {
  const { automation, control: id, executing } = killed;
  if (json) terminal.json({ automation, control: id, executing });
  else if (executing.length === 0) terminal.line(`${automation} is stopped; nothing of it executes`);
  else {
    terminal.line(`${automation} is stopped; still executing:`);
    for (const { outcome, node, awf } of executing) terminal.line(`  ${outcome}#${node}  ${awf}`);
  }
  return executing.length === 0 ? 0 : 1;
}

export async function kill(
  context: CommandContext,
  [automation]: readonly [automation: string],
  options: ActOptions,
): CommandResult {
  const config = await configOf(context, options.tenant);
  const { terminal } = context;
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const why = { by: options.as, reason: options.reason };
    const done = acceptedOf(await killAutomation(services, config, { automation, ...why }));
    return showKill(terminal, options, { automation, control: done.id, executing: done.executing ?? [] });
  });
}

interface GuardrailsOptions extends CommonOptions {
  readonly set?: Pairs;
  readonly reason?: string;
  readonly as: string;
}

export async function guardrails(
  context: CommandContext,
  _: readonly [],
  options: GuardrailsOptions,
): CommandResult {
  const config = await configOf(context, options.tenant);
  const limits = (options.set ?? []).map(([name, value]) => limitFrom(name, value));
  if (limits.length > 0 && options.reason === undefined) {
    throw usage('`--set` needs `--reason <text>`', 'see `backstep guardrails --help`');
  }
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    for (const limit of limits) {
      const act = { do: 'limit', ...limit } as const;
      await control(services, options.tenant, { act, by: options.as, reason: options.reason ?? '' });
    }
    const inForce = acceptedOf(await standInForce(services, config));
    if (options.json) context.terminal.json(inForce);
    else for (const line of inForceLines(inForce)) context.terminal.line(line);
    return 0;
  });
}

export function limitFrom(name: string, value: string) {
  const guardrail = GUARDRAIL_IDS.find((id) => id === name);
  if (guardrail === undefined) {
    throw usage(`\`${name}\` is no guardrail`, didYouMean(name, GUARDRAIL_IDS) ?? GUARDRAIL_IDS.join(', '));
  }
  if (value === 'none') return { guardrail, limit: null };
  const limit = wholeOf(value);
  if (limit !== undefined) return { guardrail, limit };
  throw usage(
    `\`${name}=${value}\` sets no limit`,
    'it takes a whole number of the guardrail’s unit, in digits, or `none` for what the tier says',
  );
}

export function inForceLines({ guardrails: limits, controls, waiting }: InForce): readonly string[] {
  const rows = limits.map(({ guardrail, used, limit, unit, window, level }) => [
    guardrail,
    `${used} of ${limit}`,
    unit,
    window.replace('_', ' '),
    level === 'granted' ? '' : level,
  ]);
  const set = controls.map(({ scope, name, kind, value, by, reason }) => [
    `${scope}:${name}`,
    kind,
    JSON.stringify(value),
    by,
    reason,
  ]);
  const queue = waiting.map(({ outcome, node, awf, because }) => [`${outcome}#${node}`, awf, because]);
  return [
    ...table([['guardrail', 'used', 'unit', 'per', ''], ...rows]),
    ...(set.length === 0 ? [] : ['', ...table([['control', 'kind', 'value', 'by', 'reason'], ...set])]),
    ...(queue.length === 0 ? [] : ['', ...table([['waits', 'AWF', 'because'], ...queue])]),
  ];
}

export async function trust(context: CommandContext, _: readonly [], options: CommonOptions): CommandResult {
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const state = acceptedOf(await trustOf(services, config));
    if (options.json) context.terminal.json(state);
    else for (const line of trustLines(options.tenant, state)) context.terminal.line(line);
    return 0;
  });
}

export function trustLines(tenant: string, state: TrustState): readonly string[] {
  const { earned, effective, score, successes, failures, since, imported } = state;
  const lowered = earned === effective ? '' : `, lowered from ${earned}`;
  return [
    `${tenant} is ${effective}${lowered}; score ${score}`,
    `${successes} executions went well and ${failures} failed${since === null ? '' : ` since ${new Date(since).toISOString()}`}`,
    ...(imported === null ? [] : [`imported: ${JSON.stringify(imported)}`]),
  ];
}

interface DecideOptions extends CommonOptions {
  readonly facts: string;
  readonly words?: true;
}

/** One object or one a line in, the decisions in the same way out. */
export async function decideFacts(
  { terminal }: CommandContext,
  _: readonly [],
  options: DecideOptions,
): CommandResult {
  const content = await textOfInput(options.facts);
  if (content.trim() === '')
    throw usage(`\`${options.facts}\` holds no facts`, 'give one object, or one a line');
  for (const { given, at } of factsIn(content)) {
    const facts = parseFacts(given);
    if (!facts.ok) {
      throw new Complaint(`the facts${at} are not valid`, {
        code: 'FACTS_INVALID',
        diagnostics: facts.error,
        exit: 2,
      });
    }
    const decision = decide(facts.value);
    if (options.words) for (const line of explainDecision(decision)) terminal.line(line);
    else terminal.json(decision);
  }
  return 0;
}

function factsIn(content: string): readonly { readonly given: unknown; readonly at: string }[] {
  const whole = jsonIn(content);
  if (whole !== undefined) return [{ given: whole.value, at: '' }];
  return content.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const one = jsonIn(line);
    if (one !== undefined) return [{ given: one.value, at: ` of line ${i + 1}` }];
    throw new Complaint(`line ${i + 1} is no JSON`, { code: 'FACTS_INVALID', exit: 2 });
  });
}

function jsonIn(content: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(content) as unknown };
  } catch {
    return undefined;
  }
}
