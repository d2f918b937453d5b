/** Histories from files: what the API exports, a list of it, one object a line, or one history as Temporal exports it. */
import { readHistoryFile } from '../../../src/replay/history-source';

const event = {
  eventId: '1',
  eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED',
  workflowExecutionStartedEventAttributes: { workflowType: { name: 'TOY-R-001' } },
};
const exported = (id: string, runs = 1) => ({
  id,
  runs: Array.from({ length: runs }, () => ({ events: [event] })),
});

const idsIn = async (text: string): Promise<unknown> => {
  const shelf = readHistoryFile(text, 'story.json');
  if (!shelf.ok) return shelf.error;
  return Promise.all(
    shelf.value.ids.map(async (id) => [
      id,
      (await shelf.value.histories(id)).map(({ events }) => events?.length),
    ]),
  );
};

test('one export, a list of them and one a line are read alike', async () => {
  expect(await idsIn(JSON.stringify(exported('acme/A/1', 2)))).toEqual([['acme/A/1', [1, 1]]]);
  const both = [exported('acme/A/1'), exported('acme/A/2')];
  const each = [
    ['acme/A/1', [1]],
    ['acme/A/2', [1]],
  ];
  expect(await idsIn(JSON.stringify(both))).toEqual(each);
  expect(await idsIn(both.map((one) => JSON.stringify(one)).join('\n'))).toEqual(each);
});

test('a history without an outcome’s id goes by the name of its file', async () => {
  expect(await idsIn(JSON.stringify({ events: [event] }, null, 2))).toEqual([['story.json', [1]]]);
});

test('the way back of an outcome is part of its story', async () => {
  const both = [exported('acme/A/1'), exported('acme/A/1/backstep')];
  expect(await idsIn(JSON.stringify(both))).toEqual([['acme/A/1', [1]]]);
});

test('what is no history says so', async () => {
  expect(await idsIn('{')).toMatch(/^it is no JSON/);
  expect(await idsIn('{}\n{')).toMatch(/nor one object a line/);
  expect(await idsIn('[]')).toBe('it is empty');
  expect(await idsIn('{"id":"x"}')).toBe('it has neither `events` nor `runs`');
  expect(await idsIn('[1]')).toBe('it is no object');
  expect(await idsIn('{"events":[]}')).toBe('a history has a list of `events`');
  expect(await idsIn('{"events":[{"eventId":"1"}]}')).toMatch(/^it is no history of Temporal/);
  const other = { eventId: '1', eventType: 'EVENT_TYPE_TIMER_FIRED', timerFiredEventAttributes: {} };
  expect(await idsIn(JSON.stringify({ events: [other] }))).toBe(
    'its first event is not the start of a workflow',
  );
});

test('an outcome that the file does not have is not there', async () => {
  const shelf = readHistoryFile(JSON.stringify(exported('acme/A/1')), 'x');
  if (!shelf.ok) throw new Error(shelf.error);
  await expect(shelf.value.histories('acme/A/2')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});
