/**
 * Automation files to automations: outcomes and parameters checked against the catalog, templates and conditions
 * against their languages. Two automations that one event can select are a warning here, and an error when it happens.
 * Authoring ring.
 */
import type { z } from 'zod';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { Automation, BoundInput, CreditCase } from './bundle';
import type { CatalogRunbook, ConfigCatalog } from './catalog';
import { conditionMistakes, type Condition } from './condition';
import { overlapOf } from './condition-overlap';
import type { automationFile } from './file-schemas';
import { issuesToDiagnostics } from './issues';
import { CONFIG_LIMITS } from './limits';
import { parsePath, parseTemplate } from './template';
import type { Path, YamlFile } from './yaml-file';

export interface AutomationInput {
  readonly file: YamlFile;
  readonly content: z.output<typeof automationFile>;
}

/** An automation with the place of each of its parts. */
export interface AutomationDraft {
  readonly automation: Automation;
  readonly at: (path: Path) => string;
}

/** @source theory of operations 6 */
const DEFAULT_CREDIT: Record<CreditCase, Record<string, number>> = {
  autopilot: { backstep: 100 },
  approved: { human: 50, backstep: 50 },
  overridden: { human: 100 },
};

/** Checked automations, sorted by id; mistakes are added to `found`. */
export function compileAutomations(
  inputs: readonly AutomationInput[],
  catalog: ConfigCatalog,
  found: Diagnostic[],
): readonly AutomationDraft[] {
  const byId = new Map<string, AutomationDraft>();
  for (const input of [...inputs].sort((a, b) => (a.file.path < b.file.path ? -1 : 1))) {
    const { file, content } = input;
    const earlier = byId.get(content.id);
    if (earlier !== undefined) {
      const message = `automation \`${content.id}\` stands twice, first at ${earlier.at(['id'])}`;
      found.push({ code: 'CONFIG_DUPLICATE', at: file.at(['id']), message, help: 'give one another id' });
      continue;
    }
    checkAutomation(input, catalog, found);
    byId.set(content.id, { automation: automationOf(content), at: file.at });
  }
  if (byId.size > CONFIG_LIMITS.automations) {
    const message = `${byId.size} automations are more than ${CONFIG_LIMITS.automations}`;
    found.push({ code: 'CONFIG_TOO_LARGE', at: inputs[0]!.file.path, message });
  }
  return [...byId.values()].sort((a, b) => (a.automation.id < b.automation.id ? -1 : 1));
}

/** Conditions that no event meets, and pairs that one event can select together. */
export function automationWarnings(drafts: readonly AutomationDraft[]): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  drafts.forEach(({ automation, at }, i) => {
    if (overlapOf(automation.when, undefined) === undefined) {
      const message = `automation \`${automation.id}\`: no event can meet its condition`;
      warnings.push({ code: 'SELECT_NEVER', at: at(['when']), message });
    }
    for (const other of drafts.slice(i + 1)) {
      const shared = automation.events.filter((type) => other.automation.events.includes(type));
      const overlap = shared.length === 0 ? undefined : overlapOf(automation.when, other.automation.when);
      if (overlap === undefined) continue;
      const when = overlap.example === '' ? '' : `, for example with ${overlap.example}`;
      warnings.push({
        code: 'SELECT_OVERLAP',
        at: other.at(['id']),
        message:
          `automation \`${other.automation.id}\`: an event of type \`${shared[0]!}\` can select ` +
          `\`${automation.id}\` (${at(['id'])}) as well${when}`,
        help: 'make their conditions exclude each other',
      });
    }
  });
  return warnings;
}

function checkAutomation(
  { file, content }: AutomationInput,
  catalog: ConfigCatalog,
  found: Diagnostic[],
): void {
  const entity = parseTemplate(content.entity);
  if (!entity.ok) found.push({ code: 'CONFIG_TEMPLATE', at: file.at(['entity']), message: entity.error });
  else if (content.entity.includes('{entity')) {
    const message = `\`${content.entity}\` reads the entity that it is to name`;
    found.push({ code: 'CONFIG_TEMPLATE', at: file.at(['entity']), message });
  }
  checkCondition(content.when, (path) => file.at(['when', ...path]), found);
  const systems = [...new Set(catalog.awfs.map(({ system }) => system))];
  content.measures?.forEach(({ system }, i) => {
    if (systems.includes(system)) return;
    found.push(unknownName(system, systems, { at: file.at(['measures', i, 'system']), kind: 'system' }));
  });
  const runbook = catalog.runbooks.find(({ outcome }) => outcome === content.outcome);
  if (runbook === undefined) {
    const outcomes = catalog.runbooks.map(({ outcome }) => outcome);
    found.push(unknownName(content.outcome, outcomes, { at: file.at(['outcome']), kind: 'outcome' }));
    return;
  }
  for (const [name, input] of Object.entries(content.params ?? {})) {
    checkParam({ name, input, runbook }, (path) => file.at(['params', name, ...path]), found);
  }
}

/** Paths of a condition that are none, and nesting beyond the bound. */
export function checkCondition(
  condition: Condition | undefined,
  at: (path: Path) => string,
  found: Diagnostic[],
): void {
  if (condition === undefined) return;
  for (const { path, message } of conditionMistakes(condition)) {
    found.push({ code: 'CONFIG_TEMPLATE', at: at(path), message });
  }
}

function checkParam(
  {
    name,
    input,
    runbook,
  }: { readonly name: string; readonly input: BoundInput; readonly runbook: CatalogRunbook },
  at: (path: Path) => string,
  found: Diagnostic[],
): void {
  const { shape } = runbook.params;
  if (!Object.hasOwn(shape, name)) {
    found.push(unknownName(name, Object.keys(shape), { at: at([]), kind: `parameter of \`${runbook.id}\`` }));
  } else if ('from' in input) {
    const path = parsePath(input.from);
    if (!path.ok) found.push({ code: 'CONFIG_TEMPLATE', at: at(['from']), message: path.error });
  } else {
    const parsed = (shape[name] as z.ZodType).safeParse(input.value);
    if (parsed.success) return;
    const places = { value: input.value, at: (path: Path) => at(['value', ...path]), subject: name };
    found.push(...issuesToDiagnostics(parsed.error.issues, places));
  }
}

function automationOf(content: AutomationInput['content']): Automation {
  const { id, summary, when, outcome, entity, dial, priority, authors, credit } = content;
  return {
    id,
    ...(summary === undefined ? {} : { summary }),
    events: [...new Set(content.events)].sort(),
    ...(when === undefined ? {} : { when }),
    outcome,
    entity,
    params: content.params ?? {},
    ...(dial === undefined ? {} : { dial }),
    ...(priority === undefined ? {} : { priority }),
    ...(authors === undefined ? {} : { authors: [...new Set(authors)].sort() }),
    limits: defined(content.limits ?? {}),
    measures: (content.measures ?? []).map(({ within, ...measure }) => ({
      ...measure,
      ...(within === undefined ? {} : { withinMs: within }),
    })),
    credit: { ...DEFAULT_CREDIT, ...defined(credit ?? {}) },
  };
}

/** `CONFIG_NAME_UNKNOWN` with what may have been meant. */
export function unknownName(
  name: string,
  known: readonly string[],
  { at, kind }: { readonly at: string; readonly kind: string },
): Diagnostic {
  const meant = didYouMean(name, known);
  const all =
    known.length > 0 && known.length <= 12
      ? `known: ${known.map((one) => `\`${one}\``).join(', ')}`
      : undefined;
  const help = meant ?? all;
  const message = `\`${name}\` is no ${kind}`;
  return { code: 'CONFIG_NAME_UNKNOWN', at, message, ...(help === undefined ? {} : { help }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are `undefined`, which zod keeps and exact optional types refuse. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
