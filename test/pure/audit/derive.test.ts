/** What a history owes the log follows from the history alone, and grows with it. */
import { isCanonicalJson, type JsonObject } from '../../../src/kernel/json';
import { deriveOutcome } from '../../../src/audit/derive';
import { RECORD_OF_NOTE } from '../../../src/audit/notes';
import type { EngineEvent } from '../../../src/engine/effects';
import type { PlanNode } from '../../../src/plan/plan';
import { put, toyPlan } from '../../kit/plans';
import { recordText, type Entry } from '../../../src/audit/record';
import { rootAt, append, EMPTY_LOG } from '../../../src/audit/growing-log';
import { primitives } from '../../../src/app/primitives';
import { expectGolden } from '../../kit/golden';
import { deriveGolden, goldenRuns, readGolden } from '../../kit/golden-records';

const runs = goldenRuns();
const textOf = (data: JsonObject, member: string): string => {
  const value = data[member];
  return typeof value === 'string' ? value : '';
};

describe.each(runs.map((run) => [run.name, run] as const))('%s', (name, run) => {
  test('owes records with these bytes', async () => {
    const derived = await deriveGolden(run);
    const lines = derived.map(({ entry }) => recordText({ ...entry, seq: 0, previous: '' }));
    expect(lines.length).toBeGreaterThan(0);
    expectGolden(`records/${name}.jsonl`, `${lines.join('\n')}\n`);
  });

  test('owes after each workflow task what it owes in the end, as far as it has come', async () => {
    const whole = (await deriveGolden(run)).map(({ entry }) => entry);
    const { events } = run.history;
    let most = 0;
    for (let i = 1; i <= events!.length; i++) {
      // A history grows by what a workflow task completed with, not by single events.
      const next = events![i];
      if (next !== undefined && next.workflowTaskScheduledEventAttributes == null) continue;
      const part = (await deriveGolden(run, { events: events!.slice(0, i) })).map(({ entry }) => entry);
      expect(part).toEqual(whole.slice(0, part.length));
      expect(part.length).toBeGreaterThanOrEqual(most);
      most = part.length;
    }
    expect(most).toBeGreaterThan(0);
  });

  test('owes no two records from one part of one event', async () => {
    const origins = (await deriveGolden(run)).map(
      ({ entry: { origin } }) => `${origin.event}.${origin.part}`,
    );
    expect(new Set(origins).size).toBe(origins.length);
  });
});

test('what an outcome knows of its entity stands in no record in the clear', async () => {
  let personal = 0;
  for (const run of runs) {
    const read = await readGolden(run, run.history);
    if (read.kind !== 'outcome') continue;
    const { id, fields } = read.of.start.plan.entity;
    // Who acts stands under their own name, also on what is about them.
    const entries = (await deriveGolden(run)).map(({ entry: { actor: _, ...entry } }) => entry);
    const text = JSON.stringify(entries);
    for (const value of [id, ...Object.values(fields)]) {
      expect(text).not.toContain(JSON.stringify(value).replaceAll('"', ''));
      personal += 1;
    }
  }
  expect(personal).toBeGreaterThan(20);
});

describe('a signed decision', () => {
  const gate: PlanNode = {
    ...{ kind: 'gate', id: 'ok', approval: 'approve', by: ['manager', 'director'], expiresAfterMs: 1e6 },
    ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  };
  const plan = toyPlan([put('first'), { ...gate, after: ['first'] }, put('box', ['ok'])]);
  const said = (by: string): EngineEvent => ({
    kind: 'decide',
    decision: { gate: 'ok', verdict: 'approve', by, reason: 'it is right', token: 'a.b.c' },
  });
  const counts = (check: string, by: string): EngineEvent => ({
    ...{ kind: 'checked', check },
    result: { kind: 'counts', decision: { by, verdict: 'approve', may: [0], token: 'a.b.c' } },
  });
  const refused = (check: string, by: string): EngineEvent => ({
    ...{ kind: 'checked', check },
    result: { kind: 'refused', by, code: 'GATE_SELF_APPROVAL', because: 'started it' },
  });
  const fired: EngineEvent = {
    ...{ kind: 'fired', node: 'first' },
    result: { kind: 'committed', output: {}, undo: null },
  };
  const recorded = (...events: readonly EngineEvent[]): readonly string[] =>
    deriveOutcome(
      {
        ...{ workflow: 'acme/TOY-R-001/1', run: 'r', at: 0 },
        start: {
          ...{ plan, planId: 'p', cause: { event: 'e' }, startedBy: 'person:mary' },
          terms: { v: 1, depth: 3, plan: 'p', figures: {} },
        },
        happenings: events.map((event, i) => ({ at: i + 1, event, eventId: i + 2 })),
      },
      { sha256: primitives.sha256, keyed: (text) => text },
    ).flatMap(({ entry: { kind, actor, data } }) =>
      kind.startsWith('gate.') && kind !== 'gate.opened'
        ? [`${kind} ${actor.id} ${textOf(data, 'answer')}${textOf(data, 'code')}`]
        : [],
    );

  test('owes one record, of what came of it: it counts, it is kept, it is refused, or it comes too late', () => {
    expect(recorded(fired, said('person:lead'), counts('c1', 'person:lead'))).toEqual([
      'gate.endorsed person:lead ',
    ]);
    expect(recorded(said('person:lead'), counts('c1', 'person:lead'))).toEqual([
      'gate.kept person:lead kept',
    ]);
    expect(recorded(fired, said('person:mary'), refused('c1', 'person:mary'))).toEqual([
      'gate.refused person:mary GATE_SELF_APPROVAL',
    ]);
    const twice = [said('person:lead'), said('person:lead')];
    expect(recorded(fired, ...twice, counts('c1', 'person:lead'), counts('c2', 'person:lead'))).toEqual([
      'gate.endorsed person:lead ',
      'gate.refused person:lead late',
    ]);
  });

  test('owes none before its check has answered', () => {
    expect(recorded(fired, said('person:lead'))).toEqual([]);
  });
});

test('who takes a proposal answers on record for what fires under their name, and for nothing else', () => {
  const decided = (startedByPerson: string | null): JsonObject => ({ facts: { startedByPerson } });
  const events: readonly EngineEvent[] = [
    { kind: 'fired', node: 'a', result: { kind: 'held', because: 'observe', decision: decided(null) } },
    { kind: 'release', node: 'a' },
    {
      ...{ kind: 'fired', node: 'a' },
      result: { kind: 'committed', output: {}, undo: null, decision: decided('person:mary') },
    },
    {
      kind: 'fired',
      node: 'b',
      result: { kind: 'committed', output: {}, undo: null, decision: decided(null) },
    },
  ];
  const entries = deriveOutcome(
    {
      ...{ workflow: 'acme/TOY-R-001/1', run: 'r', at: 0 },
      start: {
        ...{ plan: toyPlan([put('a'), put('b')]), planId: 'p', cause: { event: 'e' } },
        ...{ startedBy: 'automation:hires', under: { automation: 'hires' } },
      },
      happenings: events.map((event, i) => ({ at: i + 1, event, eventId: i + 2 })),
    },
    { sha256: primitives.sha256, keyed: (text) => text },
  );
  expect(entries.map(({ entry: { kind, node, actor } }) => [kind, node, actor])).toEqual([
    ['outcome.started', undefined, { kind: 'engine', id: 'automation:hires' }],
    ['action.held', 'a', { kind: 'engine', id: 'automation:hires' }],
    ['action.released', 'a', { kind: 'engine', id: 'automation:hires' }],
    ['action.committed', 'a', { kind: 'person', id: 'person:mary' }],
    ['action.committed', 'b', { kind: 'engine', id: 'automation:hires' }],
    ['outcome.completed', undefined, { kind: 'engine', id: 'automation:hires' }],
  ]);
});

test('every note of a story owes a record of its own, but for the plan’s, which the start says along', () => {
  expect(Object.entries(RECORD_OF_NOTE).filter(([, kind]) => kind === null)).toEqual([['compile', null]]);
});

test('an act that changed nothing is on record', () => {
  const pause: EngineEvent = { kind: 'pause', by: 'person:ada', reason: 'to look' };
  const happenings = [pause, pause].map((event, i) => ({ at: i + 1, event, eventId: i + 2 }));
  const start = { plan: toyPlan([put('box')]), planId: 'p', cause: { event: 'e' }, startedBy: 'person:mary' };
  const run = { workflow: 'acme/TOY-R-001/1', run: 'r', at: 0, start, happenings };
  const entries = deriveOutcome(run, { sha256: primitives.sha256, keyed: (text) => text });
  expect(entries.slice(1).map(({ entry: { kind, actor, data } }) => [kind, actor.id, data])).toEqual([
    ['outcome.paused', 'person:ada', { reason: 'to look' }],
    ['outcome.refused', 'person:ada', { act: 'pause', answer: 'late', reason: 'to look' }],
  ]);
});

test('whatever a history holds has a record: what has no canonical text is put on record with U+FFFD for it', () => {
  const entry: Entry = {
    tenant: 'acme',
    at: 0,
    kind: 'outcome.paused',
    actor: { kind: 'person', id: 'person:\ud800' },
    origin: { workflow: 'w', run: 'r', event: 1, part: 0 },
    data: { reason: 'half \ud800 of a pair', '\udc00': ['whole \u{1f600}'] },
  };
  const text = recordText({ ...entry, seq: 0, previous: '' });
  expect(JSON.parse(text)).toMatchObject({
    actor: { id: 'person:\ufffd' },
    data: { reason: 'half \ufffd of a pair', '\ufffd': ['whole \u{1f600}'] },
  });
  expect(isCanonicalJson(text, JSON.parse(text))).toBe(true);
});

test('a log that is appended to in pieces is the one that is appended to at once', async () => {
  const entries = (await Promise.all(runs.map((run) => deriveGolden(run)))).flat().map(({ entry }) => entry);
  const whole = append(primitives, EMPTY_LOG, entries);
  let end = EMPTY_LOG;
  const texts: string[] = [];
  for (let at = 0, step = 1; at < entries.length; at += step, step = (step % 7) + 1) {
    const appended = append(primitives, end, entries.slice(at, at + step));
    texts.push(...appended.records.map(({ text }) => text));
    ({ end } = appended);
  }
  expect(texts).toEqual(whole.records.map(({ text }) => text));
  expect(rootAt(primitives, end)).toEqual(rootAt(primitives, whole.end));
});
