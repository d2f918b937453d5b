import fc from 'fast-check';
import { actionKey, Effects } from '../../../src/sandbox/effects';
import { credentialsFor, TokenOffice } from '../../../src/sandbox/credentials';

const change = (id: string) => ({ collection: 'okta.users' as const, id, before: null, after: {} });

test('a key is the action without its attempt', () => {
  expect(actionKey('acme/R/1|identity|execute|3')).toBe('acme/R/1|identity|execute');
  expect(actionKey('acme/R/1/identity|execute|3')).toBe('acme/R/1/identity|execute');
  expect(actionKey('free text')).toBe('free text');
});

test('writes are the records with changes, and a target is doubled from its second write on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ target: fc.constantFrom('a', 'b'), isWrite: fc.boolean() })),
      (records) => {
        const effects = new Effects();
        for (const { target, isWrite } of records) {
          effects.count({
            action: 'k|n|execute|1',
            op: 'op',
            target,
            ...(isWrite ? { changes: [change(target)] } : {}),
          });
        }
        const writes = records.filter(({ isWrite }) => isWrite);
        const twice = ['a', 'b'].filter(
          (target) => writes.filter((record) => record.target === target).length > 1,
        );
        const [tally] = effects.of('k|n');
        expect(tally?.calls ?? 0).toBe(records.length);
        expect(tally?.writes ?? 0).toBe(writes.length);
        expect(
          effects
            .doubled()
            .map(({ target }) => target)
            .sort(),
        ).toEqual(twice.map((target) => `op ${target}`));
        expect(Effects.from(effects.dump()).of()).toEqual(effects.of());
      },
    ),
  );
});

test('a write without an action counts for its object alone', () => {
  const effects = new Effects();
  effects.count({ action: '', op: 'op', target: 'x', changes: [change('u1')] });
  expect(effects.of()).toEqual([]);
  expect(effects.objectsOf()).toEqual({ 'okta.users/u1': 1 });
});

test('a draft is no effect', () => {
  const effects = new Effects();
  const draft = { collection: 'workday.drafts' as const, id: 'd', before: null, after: {} };
  effects.count({ action: 'k|execute|1', op: 'op', target: 'x', changes: [draft] });
  expect(effects.of('k')).toMatchObject([{ calls: 1, writes: 0 }]);
});

describe('a token', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const office = new TokenOffice('secret');
  office.addTenant('acme');
  const account = office.account(({ graph }) => graph.clientId === credentialsFor('acme').graph.clientId);
  const grant = () => (account ? office.grant('graph', account, 60, now) : '');

  test('is good until its last second, for its vendor, and under its signature', () => {
    const token = grant();
    const kind = (vendor: 'graph' | 'workday', presented: string, at: Date) => {
      const who = office.identify(vendor, { kind: 'token', token: presented }, at);
      return 'kind' in who ? who.kind : who.tenant;
    };
    expect(kind('graph', token, new Date(now.getTime() + 59_000))).toBe('acme');
    expect(kind('graph', token, new Date(now.getTime() + 60_000))).toBe('expired_credentials');
    expect(kind('workday', token, now)).toBe('bad_credentials');
    expect(kind('graph', `${token}x`, now)).toBe('bad_credentials');
    expect(kind('graph', 'a.b.c', now)).toBe('bad_credentials');
  });

  test('is never granted twice', () => {
    expect(grant()).not.toBe(grant());
  });

  test('that was revoked is expired at once', () => {
    const token = grant();
    office.revoke(token);
    expect(office.identify('graph', { kind: 'token', token }, now)).toEqual({ kind: 'expired_credentials' });
  });
});
