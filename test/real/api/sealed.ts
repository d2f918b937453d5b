/**
 * The story of a tenant whose payloads are encrypted, over the real API: whoever has Temporal alone learns nothing of anybody, those who
 * have the key read as ever, and another tenant's key opens nothing.
 */
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { readPayloadKeys } from '../../../src/app/payload-keys';
import { createCodec } from '../../../src/temporal/codec';
import { items, outcomePath, taskPath, until, type Said, type Served } from '../../kit/served';

const { History } = temporal.api.history.v1;
/** Of the person that the outcome is about, in what the runbook hands to systems, in the id of the event. */
const PERSONAL = /sarah|chen|engineering|budget/i;

/** @param at the stand, once it is up, and the file of its keys */
export function tellOfSealing(at: () => Served, keysFile: () => string): void {
  test('a key of the tenant hides whom an outcome is about from whoever has Temporal, and from nobody else', async () => {
    const [operator, maya] = await Promise.all([
      at().token('person:olive.operator', 'operator,author'),
      at().token('person:maya.lindqvist', 'approver,auditor'),
    ]);
    const wanted = { outcome: 'EMP-R-001', entity: 'person:sarah.chen', params: { approval: 'manager' } };
    const started = await at().post(operator, '/v1/outcomes', { ...wanted, id: 'hired-sarah.chen' });
    const id = String(started.body['id']);
    expect([started.status, id]).toEqual([201, expect.stringMatching(/^acme\/EMP-R-001\/~[\w-]{22}$/)]);
    const again = await at().post(operator, '/v1/outcomes', { ...wanted, id: 'hired-sarah.chen' });
    expect(again.body).toMatchObject({ id, isNew: false });
    const trace = (): Promise<Said> => at().get(operator, outcomePath(id, '/trace'));
    await until(trace, ({ body }) => (body['waiting'] as readonly unknown[]).length > 0);
    const task = await at().get(maya, taskPath(`${id}#manager`));
    expect(task.body).toMatchObject({
      entity: 'person:sarah.chen',
      card: { card: { entity: 'person:sarah.chen' } },
    });
    const approval = { verdict: 'approve', reason: 'the budget is there' };
    expect((await at().post(maya, taskPath(`${id}#manager`, '/decision'), approval)).status).toBe(200);
    const { body } = await until(trace, (said) => said.body['phase'] === 'completed');
    expect(body['events']).toContainEqual(
      expect.objectContaining({ kind: 'gate.approved', reason: 'the budget is there' }),
    );
    const found = await until(
      () => at().get(operator, '/v1/outcomes?entity=person%3Asarah.chen'),
      (said) => items(said).some((row) => row['id'] === id && row['phase'] === 'completed'),
    );
    expect(items(found)).toContainEqual(expect.objectContaining({ id, entity: 'person:sarah.chen' }));
    const why = await at().get(operator, `/v1/actions/${encodeURIComponent(`${id}#identity`)}?level=3`);
    expect([why.status, JSON.stringify(why.body)]).toEqual([200, expect.stringContaining('identity')]);

    const address = String(at().up['temporal']);
    const connection = await Connection.connect({ address });
    try {
      const namespace = String(at().up['namespace']);
      const client = new Client({ connection, namespace });
      const handle = client.workflow.getHandle(id);
      const history = await handle.fetchHistory();
      const raw = Buffer.from(History.encode(History.fromObject(history)).finish()).toString('latin1');
      expect(history.events!.length).toBeGreaterThan(5);
      expect(raw).toContain('acme-1');
      expect(raw.match(PERSONAL)).toBeNull();
      const execution = { workflowId: id };
      const described = await client.workflowService.describeWorkflowExecution({ namespace, execution });
      const seen = Buffer.from(
        temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.encode(described).finish(),
      ).toString('latin1');
      expect(seen).toContain('person:~');
      expect(seen.match(PERSONAL)).toBeNull();

      const input = history.events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads!;
      const keys = readPayloadKeys(keysFile());
      const context = { workflowId: id } as never;
      const [opened] = await createCodec(keys).decode(input, context);
      expect(Buffer.from(opened!.data!).toString('utf8')).toMatch(PERSONAL);
      const others = {
        ...keys,
        byId: (key: string) => (key.startsWith('globex') ? keys.byId(key) : undefined),
      };
      await expect(Promise.resolve().then(() => createCodec(others).decode(input, context))).rejects.toThrow(
        'no key `acme-1`',
      );
      // Nor does it under the name of the right one.
      const swapped = { ...keys, byId: () => keys.byId('globex-1') };
      await expect(
        Promise.resolve().then(() => createCodec(swapped).decode(input, context)),
      ).rejects.toThrow();
    } finally {
      await connection.close();
    }
  });
}
