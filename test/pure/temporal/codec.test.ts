/** The payload codec: what goes in comes out, smaller where that helps, unreadable where a key says so. */
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import fc from 'fast-check';
import { createCodec, type TenantKey } from '../../../src/temporal/codec';
import { inTheClear, keyedNames } from '../../../src/temporal/entity-names';

const secret: TenantKey = { id: 'acme-1', key: randomBytes(32) };
const sealed = createCodec({
  current: (tenant) => (tenant === 'acme' ? secret : undefined),
  byId: (id) => (id === secret.id ? secret : undefined),
  naming: (tenant) => (tenant === 'acme' ? secret : undefined),
});
const plain = createCodec();

const of = (workflowId: string) => ({ type: 'workflow', namespace: 'default', workflowId }) as const;
const acme = of('acme/EMP-R-001/e1');
const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const through = async (codec: PayloadCodec, value: unknown): Promise<unknown> => {
  const encoded = await codec.encode([toPayload(value)], acme);
  const [decoded] = await codec.decode(encoded, acme);
  return defaultPayloadConverter.fromPayload(decoded!);
};
const bytes = (payload: Payload | undefined): string => Buffer.from(payload?.data ?? []).toString('latin1');

test.each([
  ['with a key', sealed],
  ['without one', plain],
])('decoding undoes encoding, %s', async (_name, codec) => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      expect(await through(codec, json)).toEqual(json);
    }),
  );
  expect(await through(codec, 'x'.repeat(5_000))).toBe('x'.repeat(5_000));
});

test('what is small or does not shrink stays as it is', async () => {
  const small = toPayload({ a: 1 });
  const noise = toPayload(randomBytes(2_000).toString('latin1').slice(0, 400));
  expect(await plain.encode([small], acme)).toEqual([small]);
  const [encoded] = await plain.encode([noise], acme);
  expect(encoded!.data!.length).toBeLessThanOrEqual(noise.data!.length);
});

test('repetition shrinks', async () => {
  const [encoded] = await plain.encode([toPayload(Array.from({ length: 100 }, () => ({ node: 'a' })))], acme);
  expect(encoded!.data!.length).toBeLessThan(150);
});

test('a tenant with a key has no clear text stored, a tenant without one is only compressed', async () => {
  const person = { name: 'Sarah Chen' };
  const [hidden] = await sealed.encode([toPayload(person)], acme);
  expect(bytes(hidden)).not.toContain('Sarah');
  const [open] = await sealed.encode([toPayload(person)], of('other/EMP-R-001/e1'));
  expect(bytes(open)).toContain('Sarah');
});

test('a changed byte, another key and a key that is gone are all found out', async () => {
  const [payload] = await sealed.encode([toPayload('x'.repeat(50))], acme);
  const changed = {
    ...payload!,
    data: Uint8Array.from(payload!.data!, (byte, i) => (i === 40 ? byte ^ 1 : byte)),
  };
  const decode = (one: Payload, codec: PayloadCodec) => (async () => codec.decode([one], acme))();
  await expect(decode(changed, sealed)).rejects.toThrow();
  const stranger = { id: secret.id, key: randomBytes(32) };
  await expect(
    decode(
      payload!,
      createCodec({ current: () => undefined, byId: () => stranger, naming: () => undefined }),
    ),
  ).rejects.toThrow();
  await expect(decode(payload!, plain)).rejects.toThrow('no key `acme-1`');
});

test('payloads of another encoding pass through', async () => {
  const foreign = toPayload(new Uint8Array([1, 2, 3]));
  expect(await sealed.decode([foreign], acme)).toEqual([foreign]);
});

test('acts of control are encrypted with the key of their tenant, too', async () => {
  const [payload] = await sealed.encode([toPayload({ reason: 'a secret one' })], of('control:acme:6f1d'));
  expect(bytes(payload)).not.toContain('a secret one');
  expect(defaultPayloadConverter.fromPayload((await sealed.decode([payload!], acme))[0]!)).toEqual({
    reason: 'a secret one',
  });
  const [other] = await sealed.encode([toPayload({ reason: 'in the clear' })], of('control:globex:6f1d'));
  expect(bytes(other)).toContain('in the clear');
});

describe('the name of an entity where Temporal searches', () => {
  const names = keyedNames({
    current: () => secret,
    byId: () => secret,
    naming: (t) => (t === 'acme' ? secret : undefined),
  });

  it('says its type and nothing else, the same each time', () => {
    const name = names('acme', 'person:sarah.chen');
    expect(name).toMatch(/^person:~[\w-]{22}$/);
    expect(names('acme', 'person:sarah.chen')).toBe(name);
    expect(names('acme', 'person:noah.kim')).not.toBe(name);
  });

  it('is the entity itself where the tenant has no key', () => {
    expect(names('globex', 'person:sarah.chen')).toBe('person:sarah.chen');
    expect(inTheClear('acme', 'person:sarah.chen')).toBe('person:sarah.chen');
  });
});
