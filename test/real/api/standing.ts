/**
 * The story of what people set and stand for, over the real API: a task handed on, an absence, an emergency and its review, a freeze, a
 * node that only watches, a limit. Each is read back by its effect on an outcome, and not by what the route said of itself.
 */
import { items, outcomePath, taskPath, until, type Said, type Served } from '../../kit/served';

const MAYA = 'person:maya.lindqvist';
/** Leads people, as maya does. */
const TOMAS = 'person:tomas.ruiz';
const RUNBOOK = 'onboard.contractor';
const why = { reason: 'the story of a test' };

/** @param at the stand, once it is up */
export function tellOfStanding(at: () => Served): void {
  describe('the story of what people set', () => {
    let operator: string;
    let maya: string;
    let tomas: string;
    let admin: string;
    beforeAll(async () => {
      [operator, maya, tomas, admin] = await Promise.all([
        at().token('person:olive.operator', 'operator'),
        at().token(MAYA, 'approver,auditor'),
        at().token(TOMAS, 'approver'),
        at().token('person:ada.admin', 'admin,approver'),
      ]);
    });

    const begin = async (params: object = {}): Promise<string> => {
      const wanted = { outcome: 'EMP-R-001', entity: 'person:noah.kim', params };
      return String(done(await at().post(operator, '/v1/outcomes', wanted))['id']);
    };
    /** Starts an outcome, and waits until its gate asks. */
    const gated = async (): Promise<{ readonly id: string; readonly task: string }> => {
      const id = await begin({ approval: 'manager' });
      await waits(id);
      return { id, task: `${id}#manager` };
    };
    const trace = (id: string): Promise<Said> => at().get(operator, outcomePath(id, '/trace'));
    const waits = (id: string): Promise<Said> =>
      until(
        () => trace(id),
        ({ body }) => (body['waiting'] as readonly unknown[]).length > 0,
      );
    const ends = (id: string): Promise<Said> =>
      until(
        () => trace(id),
        ({ body }) => body['phase'] === 'completed',
      );
    const decision = (token: string, task: string, rest: object = {}): Promise<Said> =>
      at().post(token, taskPath(task, '/decision'), { verdict: 'approve', ...why, ...rest });
    const inbox = (token: string, query: string): Promise<Said> => at().get(token, `/v1/tasks?${query}`);
    const controls = async (kind: string): Promise<readonly unknown[]> => {
      const { controls: all } = done(await at().get(operator, '/v1/guardrails'));
      return (all as readonly { readonly kind: string }[]).filter((one) => one.kind === kind);
    };
    /** What holds an outcome of its own while `set` stands, and that it goes on by itself once `lift` is done. */
    const holdsWhile = async (
      set: () => Promise<Said>,
      lift: () => Promise<Said>,
      cause: RegExp,
    ): Promise<void> => {
      done(await set());
      const id = await begin();
      await waits(id);
      const rows = await until(
        () => inbox(operator, `kind=hold&outcome=${encodeURIComponent(id)}`),
        (said) => items(said).length > 0,
      );
      expect(String(items(rows)[0]!['because'])).toMatch(cause);
      done(await lift());
      await ends(id);
    };

    test('a task is handed on, found by whoever it was handed to, decided in both names, and taken back', async () => {
      const [first, second] = [await gated(), await gated()];
      for (const { task } of [first, second]) {
        expect((await decision(tomas, task)).body['code']).toBe('GATE_APPROVER_NOT_ALLOWED');
        const given = await at().post(maya, taskPath(task, '/delegate'), { to: TOMAS, ...why });
        expect(done(given)).toMatchObject({ task, from: MAYA, to: TOMAS });
      }
      const found = await until(
        () => inbox(tomas, `by=${TOMAS}`),
        (said) => items(said).length === 2,
      );
      expect(items(found)).toContainEqual(expect.objectContaining({ id: first.task, delegatedTo: [TOMAS] }));
      const seen = done(await at().get(tomas, taskPath(first.task)));
      expect(seen['delegations']).toMatchObject([{ from: MAYA, to: TOMAS, whenAbsent: false }]);
      const back = { to: TOMAS, until: null, ...why };
      done(await at().post(maya, taskPath(second.task, '/delegate'), back));
      expect((await decision(tomas, second.task)).body['code']).toBe('GATE_APPROVER_NOT_ALLOWED');
      done(await decision(tomas, first.task));
      expect((await ends(first.id)).body['events']).toContainEqual(
        expect.objectContaining({ kind: 'gate.approved', by: TOMAS, for: MAYA }),
      );
      // Whom it is about and who runs it are no stand-ins, and nobody hands on what is another's.
      for (const [token, to] of [
        [maya, 'person:noah.kim'],
        [maya, 'person:olive.operator'],
        [tomas, 'person:jonas.weber'],
      ] as const) {
        const refused = await at().post(token, taskPath(second.task, '/delegate'), { to, ...why });
        expect([refused.status, refused.body['code']]).toEqual([409, 'DELEGATION_REFUSED']);
      }
      done(await decision(maya, second.task));
    });

    test('a delegation for absences counts once the absence was said, and no longer when it is withdrawn', async () => {
      const path = `/v1/delegations/${encodeURIComponent(TOMAS)}`;
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
      const { id, task } = await gated();
      done(await at().put(maya, path, { until: tomorrow, whenAbsent: true, ...why }));
      expect((await decision(tomas, task)).body['code']).toBe('GATE_APPROVER_NOT_ALLOWED');
      const away = await at().put(maya, `/v1/absences/${encodeURIComponent(MAYA)}`, {
        until: tomorrow,
        ...why,
      });
      expect(done(away)).toMatchObject({ person: MAYA });
      done(await decision(tomas, task));
      expect((await ends(id)).body['events']).toContainEqual(
        expect.objectContaining({ kind: 'gate.approved', by: TOMAS, for: MAYA }),
      );
      done(await at().put(maya, path, { until: null, ...why }));
      const other = await gated();
      expect((await decision(tomas, other.task)).body['code']).toBe('GATE_APPROVER_NOT_ALLOWED');
      done(await decision(maya, other.task));
    });

    test('what passed a chain in an emergency is a task until somebody else has looked at it', async () => {
      const { id, task } = await gated();
      const emergency = { emergency: true, reason: 'the building is on fire' };
      expect((await decision(maya, task, emergency)).body['code']).toBe('GATE_GLASS_NOT_ALLOWED');
      done(await decision(admin, task, emergency));
      await ends(id);
      const review = `${id}#review:manager`;
      const listed = items(await inbox(maya, 'kind=review'));
      const whole: unknown = expect.stringMatching(/#review:manager:[0-9a-f]{16}$/);
      expect(listed).toMatchObject([{ id: whole, passedBy: 'person:ada.admin', entity: 'person:noah.kim' }]);
      expect(items(await at().get(maya, '/v1/reviews'))).toMatchObject([
        { outcome: id, node: 'manager', by: 'person:ada.admin' },
      ]);
      expect((await at().post(operator, taskPath(review, '/claim'), {})).status).toBe(403);
      done(await at().post(maya, taskPath(review, '/claim'), {}));
      expect(items(await inbox(maya, `kind=review&claimed=${MAYA}`))).toHaveLength(1);
      const sound = { verdict: 'sound', reason: 'there was a fire' };
      const own = await at().post(admin, taskPath(review, '/complete'), sound);
      expect([own.status, own.body['code']]).toEqual([409, 'REVIEW_REFUSED']);
      expect(items(await inbox(maya, 'kind=review'))).toHaveLength(1);
      done(await at().post(maya, taskPath(review, '/complete'), sound));
      expect(items(await inbox(maya, 'kind=review'))).toEqual([]);
      expect(items(await at().get(maya, '/v1/reviews'))).toEqual([]);
      expect((await at().get(maya, taskPath(review))).body['code']).toBe('TASK_UNKNOWN');
      // The review of another emergency is closed by its own route.
      const next = await gated();
      done(await decision(admin, next.task, emergency));
      const closed = await at().post(maya, `/v1/reviews/${encodeURIComponent(next.task)}`, sound);
      expect(done(closed)).toMatchObject({ id: next.task, verdict: 'sound' });
      expect(items(await inbox(maya, 'kind=review'))).toEqual([]);
    });

    test('a freeze holds what would fire, and lets it go on when it is lifted', async () => {
      const scope = { scope: 'runbook', name: RUNBOOK, kind: 'freeze', ...why };
      const [from, to] = [Date.now() - 1_000, Date.now() + 3_600_000].map((at) => new Date(at).toISOString());
      const set = (windows: readonly object[] | null): Promise<Said> =>
        at().put(operator, '/v1/calendars/story', { ...scope, windows });
      await holdsWhile(
        () => set([{ from, to }]),
        () => set(null),
        /freeze|calendar/,
      );
      expect(await controls('calendar:story')).toEqual([]);
    });

    test('a node that only watches holds there, and acts again when it is told to', async () => {
      const set = (passive: boolean): Promise<Said> =>
        at().put(operator, `/v1/passive/${encodeURIComponent(`${RUNBOOK}/identity`)}`, { passive, ...why });
      await holdsWhile(
        () => set(true),
        () => set(false),
        /passive|watch/,
      );
    });

    test('a limit holds what would pass it, and lets it go on when it is taken away', async () => {
      const set = (limit: number | null): Promise<Said> =>
        at().put(operator, '/v1/guardrails/actions_per_day', { limit, ...why });
      const { guardrails } = done(await at().get(operator, '/v1/guardrails'));
      const { used } = (guardrails as readonly { readonly guardrail: string; readonly used: number }[]).find(
        (one) => one.guardrail === 'actions_per_day',
      )!;
      await holdsWhile(
        async () => {
          // What is used up to the last: past its limit an action would be refused for good.
          const answer = await set(used);
          expect(await controls('limit:actions_per_day')).toMatchObject([
            { value: used, by: 'person:olive.operator' },
          ]);
          return answer;
        },
        () => set(null),
        /used and 1 asked of/,
      );
    });
  });
}

/** The body of an answer that says that it is done. */
function done({ status, body }: Said): Said['body'] {
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}
