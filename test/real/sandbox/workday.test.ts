import { personIds, seededId } from '../../../src/sandbox';
import { workdayClient, type Reply } from './clients';
import { useSandbox } from './support';

const stand = useSandbox();
const STAFFING = 'staffing/v6';
const PROCESS = 'businessProcess/v1';

type Workday = Awaited<ReturnType<typeof workdayClient>>;

const sarah = personIds('acme', 'sarah.chen');

async function endDateOf(workday: Workday, worker = sarah.workdayId): Promise<unknown> {
  return (await workday('GET', STAFFING, `/workers/${worker}`)).at('primaryJob.contract.contractEndDate');
}

/** A job change from draft to submit. */
async function change(
  workday: Workday,
  section: string,
  fields: object,
  comment = 'because',
  worker = sarah.workdayId,
): Promise<Reply> {
  const draft = await workday('POST', STAFFING, `/workers/${worker}/jobChanges`, { date: '2026-12-01' });
  if (draft.status !== 201) return draft;
  const id = draft.text('id');
  const filled = await workday('PATCH', STAFFING, `/jobChanges/${id}/${section}/${id}`, fields);
  if (filled.status !== 200) return filled;
  return workday('POST', STAFFING, `/jobChanges/${id}/submit`, { businessProcessParameters: { comment } });
}

const setEnd = (workday: Workday, contractEndDate: string | null, comment?: string, worker?: string) =>
  change(workday, 'contract', { contractEndDate }, comment, worker);

beforeEach(() => stand.current.admin.reset());

describe('a change of the contract end', () => {
  test('is nothing until it is submitted, and then an event with our comment', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    const draft = await workday('POST', STAFFING, `/workers/${sarah.workdayId}/jobChanges`, {
      date: '2026-12-01',
    });
    const id = draft.text('id');
    await workday('PATCH', STAFFING, `/jobChanges/${id}/contract/${id}`, { contractEndDate: '2027-05-31' });
    expect(await endDateOf(workday)).toBeNull();
    const event = await workday('POST', STAFFING, `/jobChanges/${id}/submit`, {
      businessProcessParameters: { comment: 'backstep key-1' },
    });
    expect(event).toMatchObject({
      status: 201,
      body: { id, status: { descriptor: 'Successfully Completed' } },
    });
    expect(await endDateOf(workday)).toBe('2027-05-31');
    const events = await workday('GET', PROCESS, `/events?worker=${sarah.workdayId}`);
    expect(events.body).toMatchObject({ total: 1, data: [{ id }] });
    const comments = await workday('GET', PROCESS, `/events/${id}/comments`);
    expect(comments.at('data.0.comment')).toBe('backstep key-1');
  });

  test('sent twice is two events, for there is no key', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    await setEnd(workday, '2027-05-31', 'key-1');
    await setEnd(workday, '2027-05-31', 'key-1');
    expect((await workday('GET', PROCESS, `/events?worker=${sarah.workdayId}`)).at('total')).toBe(2);
  });

  test('takes a worker by reference as well as by WID', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    expect(await setEnd(workday, '2027-05-31', 'x', sarah.workdayReference)).toMatchObject({ status: 201 });
  });

  test.each([
    ['before the contract begins', 'sarah.chen', '2026-11-01', 'S113'],
    ['of a contract that is over', 'lena.fischer', '2027-01-01', 'S110'],
    ['of an employee', 'ben.carter', '2027-01-01', 'S111'],
    ['to no date', 'sarah.chen', 'soon', 'S112'],
  ])('%s is refused', async (_why, who, date, code) => {
    const workday = await workdayClient(stand.current.sandbox);
    const reply = await setEnd(workday, date, 'x', personIds('acme', who).workdayId);
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ code }] } });
  });

  test('is over for Workday once the sandbox clock has passed it', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    await setEnd(workday, '2027-05-31');
    await stand.current.admin.advanceClock(200 * 24 * 3_600_000);
    const later = await workdayClient(stand.current.sandbox);
    expect(await setEnd(later, '2027-08-31')).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'S110' }] },
    });
  });
});

describe('an event', () => {
  test('that is rescinded brings back what was there before it', async () => {
    const { admin, sandbox } = stand.current;
    const workday = await workdayClient(sandbox);
    const omar = personIds('acme', 'omar.haddad').workdayId;
    const before = await admin.snapshot({ view: 'standing' });
    const event = await setEnd(workday, '2027-05-31', 'x', omar);
    expect((await admin.snapshot({ view: 'standing' })).digest).not.toBe(before.digest);
    const undo = await workday('POST', PROCESS, `/events/${event.text('id')}/rescind`, { comment: 'undo' });
    expect(undo).toMatchObject({ status: 201, body: { status: { descriptor: 'Rescinded' } } });
    expect(await endDateOf(workday, omar)).toBe('2031-01-31');
    expect(await admin.snapshot({ view: 'standing' })).toEqual(before);
    expect((await admin.snapshot({ view: 'full' })).digest).not.toBe(before.digest);
  });

  test('can be rescinded once, with a comment, and only after it completed', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    const event = await setEnd(workday, '2027-05-31');
    const rescind = (comment: string) =>
      workday('POST', PROCESS, `/events/${event.text('id')}/rescind`, { comment });
    expect(await rescind('')).toMatchObject({ status: 400, body: { errors: [{ code: 'A181' }] } });
    expect(await rescind('undo')).toMatchObject({ status: 201 });
    expect(await rescind('undo')).toMatchObject({ status: 400, body: { errors: [{ code: 'A219' }] } });
  });

  test('can not be rescinded under a later one', async () => {
    const workday = await workdayClient(stand.current.sandbox);
    const first = await setEnd(workday, '2027-05-31');
    await setEnd(workday, '2027-06-30');
    const undo = await workday('POST', PROCESS, `/events/${first.text('id')}/rescind`, { comment: 'undo' });
    expect(undo).toMatchObject({ status: 400, body: { errors: [{ code: 'S121' }] } });
  });

  test('waits for approval where the tenant asks for it, and can be cancelled until then', async () => {
    const { admin, sandbox } = stand.current;
    const workday = await workdayClient(sandbox);
    await admin.change('acme', 'workday.settings', 'businessProcess', { completion: 'manual' });
    const first = await setEnd(workday, '2027-05-31');
    expect(first.at('status.descriptor')).toBe('In Progress');
    expect(await endDateOf(workday)).toBeNull();
    expect(await setEnd(workday, '2027-06-30')).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'S120' }] },
    });
    expect(
      await workday('POST', PROCESS, `/events/${first.text('id')}/cancel`, { comment: 'no' }),
    ).toMatchObject({ status: 201 });
    const second = await setEnd(workday, '2027-06-30');
    await workday('POST', PROCESS, `/eventSteps/${second.text('id')}/approve`, {});
    expect(await endDateOf(workday)).toBe('2027-06-30');
    expect(
      await workday('POST', PROCESS, `/events/${second.text('id')}/cancel`, { comment: 'no' }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'A219' }] },
    });
  });
});

test('a worker changes department and title by the same way', async () => {
  const workday = await workdayClient(stand.current.sandbox);
  const design = seededId.workdayOrganization('acme', 'Design');
  const ben = personIds('acme', 'ben.carter').workdayId;
  const draft = await workday('POST', STAFFING, `/workers/${ben}/jobChanges`, {
    date: '2026-12-01',
    supervisoryOrganization: { id: design },
  });
  const id = draft.text('id');
  await workday('PATCH', STAFFING, `/jobChanges/${id}/businessTitle/${id}`, {
    businessTitle: 'Design Engineer',
  });
  await workday('POST', STAFFING, `/jobChanges/${id}/submit`, {});
  const worker = await workday('GET', STAFFING, `/workers/${ben}`);
  expect(worker.at('primaryJob')).toMatchObject({
    businessTitle: 'Design Engineer',
    supervisoryOrganization: { id: design, descriptor: 'Design' },
  });
});
