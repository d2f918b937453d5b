/**
 * Who may say what of people, over the real API: what approvals trust is for another admin to say, and whoever sends an event
 * decides nothing of what it starts.
 */
import { outcomePath, taskPath, until, type Said, type Served } from '../../kit/served';

const JONAS = 'person:jonas.weber';
const why = { reason: 'the story of a test' };

/** @param at the stand, once it is up */
export function tellOfPeople(at: () => Served): void {
  describe('what is asked and said in the name of people', () => {
    let jonas: string;
    let ada: string;
    let maya: string;
    beforeAll(async () => {
      [jonas, ada, maya] = await Promise.all([
        at().token(JONAS, 'operator,approver'),
        at().token('person:ada.admin', 'admin,approver'),
        at().token('person:maya.lindqvist', 'approver'),
      ]);
    });
    const say = (token: string, of: string, fields: object): Promise<Said> =>
      at().put(token, `/v1/entities/${encodeURIComponent(of)}`, { fields });
    const codes = (all: readonly Said[]): readonly unknown[] =>
      all.map(({ status, body }) => [status, body['code']]);

    test('is said by admins alone, and by nobody of themselves, at either door', async () => {
      const refused = [
        await say(jonas, JONAS, { approvalLevel: 'executive' }),
        await say(jonas, JONAS, { title: 'Engineer', roles: 'break-glass' }),
        await say(jonas, 'person:tomas.ruiz', { roles: null }),
        await say(ada, 'person:ada.admin', { name: 'Ada', email: 'ada@acme.example', roles: 'security' }),
      ];
      expect(codes(refused)).toEqual(refused.map(() => [422, 'ENTITY_REFUSED']));
      const local = await at().cli(['entity', 'upsert', JONAS, '{"approvalLevel":"executive"}']);
      expect([local.code, local.err]).toEqual([1, expect.stringContaining('[ENTITY_REFUSED]')]);
      expect((await say(jonas, JONAS, { title: 'Lead engineer' })).status).toBe(200);
      expect((await say(ada, JONAS, { roles: 'security' })).body).toMatchObject({
        fields: { title: 'Lead engineer', roles: 'security' },
      });
      expect((await say(ada, JONAS, { roles: null })).status).toBe(200);
    });

    test('an id that was run before is the outcome that runs, and nothing else that is asked under it', async () => {
      const wanted = { outcome: 'EMP-R-001', entity: 'person:sarah.chen', id: 'same-1' };
      const run = (rest: object = {}): Promise<Said> =>
        at().post(jonas, '/v1/outcomes', { ...wanted, ...rest });
      const first = await run();
      expect(first.status).toBe(201);
      // What is known of the entity moves, and what was asked for does not.
      const { body } = await at().get(jonas, `/v1/entities/${encodeURIComponent(wanted.entity)}`);
      const { deviceGroup = null } = body['fields'] as { readonly deviceGroup?: string };
      expect((await say(jonas, wanted.entity, { deviceGroup: 'lab' })).status).toBe(200);
      const again = await run();
      expect((await say(jonas, wanted.entity, { deviceGroup })).status).toBe(200);
      expect([again.status, again.body]).toEqual([200, { ...first.body, isNew: false }]);
      const others = [await run({ params: { device: 'none' } }), await run({ entity: 'person:noah.kim' })];
      expect(codes(others)).toEqual(others.map(() => [400, 'EVENT_ID_UNUSABLE']));
    });

    test('is not what an event says whose sender decides: their own approval does not count', async () => {
      const send = (data: object, type: string): Promise<Said> =>
        at().post(jonas, '/v1/events', {
          ...{ specversion: '1.0', id: type, source: '/jonas', type: `com.acme.hr.person.${type}` },
          ...{ time: new Date().toISOString(), data: { email: 'noah.kim@acme.example', ...data } },
        });
      const { body } = await send({ to: 'design', manager: 'jonas.weber@acme.example' }, 'moved');
      expect(body['status']).toBe('started');
      const id = String(body['outcome']);
      await until(
        () => at().get(jonas, outcomePath(id, '/trace')),
        (said) => JSON.stringify(said.body['waiting']).includes('managers'),
      );
      const decision = (token: string): Promise<Said> =>
        at().post(token, taskPath(`${id}#managers`, '/decision'), { verdict: 'approve', ...why });
      expect((await decision(jonas)).body['code']).toBe('GATE_SELF_APPROVAL');
      expect((await decision(maya)).body['code']).not.toBe('GATE_SELF_APPROVAL');
    });
  });
}
