/** Calendars and passive nodes as configuration writes them: what is refused, what a decision is told, and how it is explained. */
import { calendarAt, readWindow } from '../../../src/config/calendar';
import { explainKey } from '../../../src/config/resolve';
import { actionsByName, declaredName } from '../../../src/app/declared-nodes';
import { createRulebook } from '../../../src/app/rulebook';
import { decide } from '../../../src/governance/decide';
import { parseFacts } from '../../../src/governance/facts-parse';
import type { AwfContract } from '../../../src/dsl/awf';
import { bundleOf, CATALOG, FACTS, file, mistakesOf } from './fixtures';

const at = (text: string): number => Date.parse(text);
const windowsAt = (value: object, now: string): readonly string[] =>
  calendarAt('calendar.x', value as never, at(now)).windows.map(
    ({ from, to }) => `${new Date(from).toISOString()}/${new Date(to).toISOString()}`,
  );

test('a weekly window goes over midnight, and the one that began yesterday is still there', () => {
  // The eighth of August 2026 is a Saturday.
  const weekly = { kind: 'maintenance', weekly: ['sat 22:00-04:00'] };
  expect(windowsAt(weekly, '2026-08-09T03:59:00Z')[0]).toBe(
    '2026-08-08T22:00:00.000Z/2026-08-09T04:00:00.000Z',
  );
  expect(windowsAt(weekly, '2026-08-09T04:00:00Z')[0]).toBe(
    '2026-08-15T22:00:00.000Z/2026-08-16T04:00:00.000Z',
  );
  const daily = { kind: 'freeze', weekly: ['daily 20:00-24:00'] };
  expect(windowsAt(daily, '2026-08-09T12:00:00Z')[0]).toBe(
    '2026-08-09T20:00:00.000Z/2026-08-10T00:00:00.000Z',
  );
});

test('a decision is told of the windows that have not ended, the earliest first, and of no more than it needs', () => {
  const windows = Array.from({ length: 300 }, (_, i) => {
    const day = new Date(at('2026-01-01') + (299 - i) * 86_400_000).toISOString().slice(0, 10);
    return `${day}T01:00Z/${day}T02:00Z`;
  });
  const told = windowsAt({ kind: 'maintenance', windows }, '2026-03-01T01:30:00Z');
  expect(told).toHaveLength(16);
  expect(told[0]).toBe('2026-03-01T01:00:00.000Z/2026-03-01T02:00:00.000Z');
});

test('what is no calendar holds what it covers', () => {
  expect(calendarAt('calendar.x', { kind: 'freeze' }, 0)).toEqual({
    id: 'calendar.x',
    kind: 'maintenance',
    windows: [],
  });
});

test('a window is two moments, the second behind the first', () => {
  expect(readWindow('2026-12-20/2026-12-21')).toEqual({ from: at('2026-12-20'), to: at('2026-12-21') });
  for (const text of [
    '2026-12-21/2026-12-20',
    '2026-12-20',
    'soon/later',
    '2026-12-20/2026-12-21/2026-12-22',
  ])
    expect(readWindow(text)).toBeUndefined();
});

const layer = (values: string) =>
  file('acme/layers/people.yaml', `scope: { domain: people }\nvalues:\n${values}`);

test('every mistake in a calendar or a passive node is told at its line', () => {
  const said = mistakesOf(
    layer(
      [
        '  calendar.Year End: { kind: freeze, windows: [2026-12-20/2027-01-03] }',
        '  calendar.a: { kind: frozen, windows: [2026-12-20/2027-01-03] }',
        '  calendar.b: { kind: freeze, windows: [2027-01-03/2026-12-20] }',
        '  calendar.c: { kind: maintenance, weekly: [saturday 22:00-04:00] }',
        '  calendar.d: { kind: maintenance }',
        '  node.onboard.contractor/groups.passive: 1',
        '',
      ].join('\n'),
    ),
  ).map(({ code, at: place, message }) => `${code} ${place.split(':')[1] ?? ''} ${message}`);
  expect(said).toEqual([
    'CONFIG_KEY_UNKNOWN 3 `calendar.Year End` is no name of a calendar',
    'CONFIG_TYPE 4 `calendar.a › kind`: `frozen` is none of `freeze`, `maintenance`',
    'CONFIG_TYPE 5 `calendar.b › windows.0`: is no window: write `<from>/<to>`, two moments, the second behind the first',
    'CONFIG_TYPE 6 `calendar.c › weekly.0`: is no weekly window: write a day or `daily`, and the hours in UTC, such as `sat 22:00-04:00`',
    'CONFIG_TYPE 7 `calendar.d`: has neither `windows` nor `weekly`',
    'CONFIG_TYPE 8 `node.onboard.contractor/groups.passive`: is `1`, and `true` or `false` is expected',
  ]);
});

test('a lock binds calendars by name and as a family, and a passive node may only be left passive where it is tightened', () => {
  const codes = (own: string, other: string) =>
    mistakesOf(layer(own), file('acme/layers/design.yaml', `scope: { team: design }\nvalues:\n${other}`)).map(
      ({ code }) => code,
    );
  const year = '  calendar.year-end: { kind: freeze, windows: [2026-12-20/2027-01-03] }\n';
  expect(codes(`${year}locked: [calendar.*]\n`, year)).toEqual(['CONFIG_LOCKED']);
  const groups = 'node.onboard.contractor/groups.passive';
  expect(codes(`  ${groups}: true\ntightenOnly: [${groups}]\n`, `  ${groups}: false\n`)).toEqual([
    'CONFIG_LOOSENED',
  ]);
});

test('the most specific layer says it, and the cascade is shown', () => {
  const bundle = bundleOf(layer('  calendar.year-end: { kind: freeze, windows: [2026-12-20/2027-01-03] }\n'));
  const explained = explainKey(bundle, 'calendar.year-end', { facts: FACTS, catalog: CATALOG });
  expect(explained).toMatchObject({
    ok: true,
    value: { from: 'domain', at: 'config/acme/layers/people.yaml:3' },
  });
  expect(explained.ok && explained.value.text).toContain('"kind":"freeze"');
});

describe('what an action is told', () => {
  const bundle = bundleOf(
    layer(
      '  calendar.nights: { kind: maintenance, weekly: [daily 01:00-02:00] }\n  node.onboard.contractor/groups.passive: true\n',
    ),
  );
  const rulesIn = (domain: string) =>
    createRulebook(
      () => Promise.resolve(bundle),
      () => Promise.resolve(1),
    )('acme', { runbook: 'onboard.contractor', domain, entity: 'person:ada', automation: 'a' }, {
      name: 'okta.assign_groups',
    } as AwfContract);

  test('a calendar holds in its scope and nowhere else, and names its key', async () => {
    const { calendars = [] } = await rulesIn('people');
    expect(calendars.map(({ id }) => id)).toEqual(['calendar.nights']);
    expect((await rulesIn('it')).calendars).toEqual([]);
    const now = at('2026-08-09T12:00:00Z');
    const facts = parseFacts({
      now,
      action: { type: 'okta.assign_groups' },
      calendars: calendars.map(({ id, value }) => calendarAt(id, value, now)),
    });
    if (!facts.ok) throw new Error(JSON.stringify(facts.error));
    expect(decide(facts.value).blocks).toContainEqual({
      ...{ rule: 'calendars', verdict: 'hold', cause: 'calendar:calendar.nights' },
      because: 'it is outside the windows of `calendar.nights`',
      release: 'the next maintenance window',
      until: at('2026-08-10T01:00:00Z'),
    });
  });

  test('a passive node is known by the name its author gave it', async () => {
    const { nodes } = await rulesIn('people');
    expect([...(nodes?.passive ?? [])]).toEqual(['onboard.contractor/groups']);
    expect((await rulesIn('it')).nodes?.passive.size).toBe(0);
    expect(nodes?.nameOf('groups')).toBe('onboard.contractor/groups');
  });

  test('a node of a sub-runbook and one of a for-each have their name in every plan', () => {
    expect(declaredName('onboard.contractor', 'device/mac-order')).toBe('equip.person/mac-order');
    expect(declaredName('equip.person', 'mac-order')).toBe('equip.person/mac-order');
    expect(declaredName('change.department', 'channels[3]/join')).toBe('change.department/join');
    expect(actionsByName().get('equip.person/mac-order')).toEqual(
      expect.arrayContaining([
        { runbook: 'equip.person', isPlain: true },
        { runbook: 'onboard.contractor', isPlain: false },
      ]),
    );
  });
});
