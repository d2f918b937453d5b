/** What of an outcome waits for a person. */
import { isWanted, tasksOf, type Task } from '../../../src/app/tasks';
import type { EngineState, NodeStatus } from '../../../src/engine/state';
import type { TraceEvent } from '../../../src/engine/trace';

const OF = { outcome: 'acme/EMP-R-001/1', entity: 'person:ada' };

const stateWith = (nodes: Readonly<Record<string, NodeStatus>>): EngineState =>
  ({
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, status]) => [id, { status }])),
  }) as unknown as EngineState;

const gate = (name: string, at: number): TraceEvent => ({
  kind: 'gate.open',
  gate: name,
  approval: 'approve',
  by: ['manager'],
  at,
});
const incident = (node: string, at: number): TraceEvent => ({
  kind: 'incident.open',
  node,
  code: 'gone',
  at,
});

test('each gate, hold, incident and escalation that is open is a task, and no other', () => {
  const trace: readonly TraceEvent[] = [
    gate('manager', 1),
    gate('director', 2),
    { kind: 'awf.held', node: 'groups', awf: 'okta.assign_groups', because: 'dial', at: 3 },
    incident('channels', 4),
    { kind: 'escalation.open', node: 'device', code: 'late', at: 5 },
    { kind: 'escalation.open', node: 'laptop', code: 'late', at: 6 },
  ];
  const state = stateWith({
    manager: 'asking',
    director: 'done',
    groups: 'held',
    channels: 'incident',
    device: 'incident',
    laptop: 'acting',
  });
  expect(tasksOf(OF, trace, state)).toEqual([
    {
      id: 'acme/EMP-R-001/1#manager',
      kind: 'gate',
      ...OF,
      node: 'manager',
      since: 1,
      approval: 'approve',
      by: ['manager'],
    },
    {
      id: 'acme/EMP-R-001/1#groups',
      kind: 'hold',
      ...OF,
      node: 'groups',
      since: 3,
      because: 'dial',
      awf: 'okta.assign_groups',
    },
    { id: 'acme/EMP-R-001/1#channels', kind: 'incident', ...OF, node: 'channels', since: 4, because: 'gone' },
    { id: 'acme/EMP-R-001/1#device', kind: 'escalation', ...OF, node: 'device', since: 5, because: 'late' },
  ]);
});

test('a node that waited before and waits again is one task, since the last time', () => {
  const tasks = tasksOf(
    OF,
    [incident('channels', 1), gate('manager', 2), incident('channels', 3)],
    stateWith({ channels: 'incident', manager: 'asking' }),
  );
  expect(tasks.map(({ node, since }) => [node, since])).toEqual([
    ['manager', 2],
    ['channels', 3],
  ]);
});

const TASK: Task = {
  ...{ id: 'acme/EMP-R-001/1#manager', kind: 'gate', ...OF, node: 'manager', since: 5 },
  ...{ approval: 'approve', by: ['manager'], claimedBy: 'person:mary' },
};

test.each([
  [{}, true],
  [
    {
      kind: 'gate',
      entity: 'person:ada',
      claimed: 'person:mary',
      by: 'manager',
      since: 5,
      approval: 'approve',
    },
    true,
  ],
  [{ kind: 'hold' }, false],
  [{ outcome: 'EMP-R-001' }, true],
  [{ outcome: 'acme/EMP-R-001/1' }, true],
  [{ outcome: 'acme/EMP-R-001/2' }, false],
  [{ entity: 'person:bob' }, false],
  [{ claimed: 'nobody' }, false],
  [{ by: 'director' }, false],
  [{ since: 6 }, false],
  [{ approval: 'chain' }, false],
] as const)('a filter %j takes the task: %s', (wanted, isTaken) => {
  expect(isWanted(TASK, wanted)).toBe(isTaken);
});

test('what nobody has claimed is found by that', () => {
  const { claimedBy: _, ...free } = TASK;
  expect(isWanted(free, { claimed: 'nobody' })).toBe(true);
  expect(isWanted(free, { claimed: 'person:mary' })).toBe(false);
});
