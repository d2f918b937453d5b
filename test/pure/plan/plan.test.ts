import fc from 'fast-check';
import { canonicalJson, jsonCopy } from '../../../src/kernel/json';
import { changesOf, refuseStale } from '../../../src/plan/changes';
import { decodePlan } from '../../../src/plan/decode';
import { encodePlan } from '../../../src/plan/encode';
import { utf8Length } from '../../../src/plan/bytes';
import type { Plan } from '../../../src/plan/plan';
import { planIdOf } from '../../../src/plan/plan-id';
import { sha256 } from '../../kit/compile';
import { arbitraryPlan, put, toyPlan } from '../../kit/plans';

const decoded = (plan: unknown) => decodePlan(canonicalJson(plan));
const mistakes = (plan: unknown) => {
  const result = decoded(plan);
  return result.ok ? [] : result.error.map(({ code, at, message }) => `${code} ${at}: ${message}`);
};
const altered = (change: (plan: Record<string, never>) => void): unknown => {
  const plan = jsonCopy(toyPlan([put('a'), put('b', ['a'])])) as unknown as Record<string, never>;
  change(plan);
  return plan;
};
type Loose = Record<string, unknown> & { nodes: Record<string, unknown>[] };
const body = (plan: Record<string, never>): Loose => plan['body'] as unknown as Loose;

describe('bytes', () => {
  it('decode is the inverse of encode', () => {
    fc.assert(
      fc.property(arbitraryPlan(), (plan) => {
        expect(decodePlan(encodePlan(plan))).toEqual({ ok: true, value: plan });
      }),
    );
  });

  it('encode of what was decoded gives the canonical bytes, whatever the order of keys was', () => {
    fc.assert(
      fc.property(arbitraryPlan(), (plan) => {
        const reversed = JSON.stringify(plan, (_, value: unknown) =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        );
        const result = decodePlan(reversed);
        expect(result.ok && encodePlan(result.value)).toBe(encodePlan(plan));
      }),
    );
  });

  it('any text is a plan or a list of what is wrong, and never an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant('['.repeat(20_000))), (text) => {
        expect(decodePlan(text).ok).toBe(false);
      }),
    );
  });

  it('a plan with one part replaced by anything never breaks the decoder', () => {
    const spoil = (value: unknown, at: number, by: unknown): unknown => {
      let count = 0;
      return JSON.parse(JSON.stringify(value), (_, part: unknown) => (count++ === at ? by : part));
    };
    fc.assert(
      fc.property(arbitraryPlan(1), fc.nat(200), fc.jsonValue(), (plan, at, by) => {
        const result = decoded(spoil(plan, at, by) ?? null);
        if (result.ok) expect(decodePlan(encodePlan(result.value))).toEqual(result);
        else expect(result.error.length).toBeGreaterThan(0);
      }),
    );
  });

  it('are counted as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text, 'utf8'));
      }),
    );
  });
});

describe('a plan that is not whole is refused with its place', () => {
  it.each([
    ['an unknown format', { ...toyPlan([]), format: 2 }, /^PLAN_FORMAT_UNKNOWN plan › format: .*format 2/],
    ['no object', 'plan', /^PLAN_MALFORMED plan: `"plan"` stands where an object is wanted/],
    ['a missing field', altered((plan) => delete plan['tenant']), /plan: `tenant` is missing/],
    [
      'an unknown field',
      altered((plan) => Object.assign(plan, { tenannt: '' })),
      /`tenannt` does not belong here/,
    ],
    [
      'a wrong lane',
      altered((plan) => (body(plan).nodes[0]!['lane'] = 'near')),
      /body\.nodes\[0\]\.lane: `"near"`/,
    ],
    [
      'an unknown kind',
      altered((plan) => (body(plan).nodes[0]!['kind'] = 'x')),
      /body\.nodes\[0\]\.kind: `"x"`/,
    ],
    [
      'an untagged value',
      altered((plan) => (body(plan).nodes[0]!['input'] = 'a')),
      /body\.nodes\[0\]\.input: `"a"`/,
    ],
    [
      'two nodes of one id',
      altered((plan) => (body(plan).nodes[1]!['id'] = 'a')),
      /node a: two nodes have this id/,
    ],
    [
      'a node that is called as what every object has',
      altered((plan) => (body(plan).nodes[1]!['id'] = 'constructor')),
      /node constructor: every object has something of that name/,
    ],
    [
      'an edge forward',
      altered((plan) => (body(plan).nodes[0]!['after'] = ['b'])),
      /node a › after: `b` does not/,
    ],
    [
      'an AWF that is not there',
      altered((plan) => (body(plan).nodes[0]!['awf'] = 'x.y')),
      /node a › awf: .*`x\.y`/,
    ],
    [
      'a reference to nothing',
      altered((plan) => (body(plan).nodes[0]!['input'] = { ref: { from: 'node', node: 'z', path: [] } })),
      /node a › input: there is no node `z`/,
    ],
    [
      'an element outside its for-each',
      altered((plan) => (body(plan).nodes[0]!['input'] = { ref: { from: 'item', each: 'e', path: [] } })),
      /node a › input: it stands in no for-each `e`/,
    ],
    [
      'a checkpoint that is not there',
      altered(
        (plan) => (body(plan).nodes[0]!['exits'] = [{ codes: ['*'], course: { do: 'backstep', to: 'b' } }]),
      ),
      /node a › exits\[0\]: there is no checkpoint `b`/,
    ],
  ])('%s', (_, plan, wanted) => {
    expect(mistakes(plan)).toEqual([expect.stringMatching(wanted)]);
  });

  it('tells twenty mistakes at most', () => {
    const nodes = Array.from({ length: 50 }, (_, i) => ({ ...put(`n${i}`), lane: 'x' }));
    expect(mistakes({ ...toyPlan([]), body: { nodes } })).toHaveLength(20);
  });
});

describe('identity and staleness', () => {
  const plan = toyPlan([put('a'), put('b', ['a'])], { params: { x: { value: [1, 2], from: 'team' } } });

  it('the id of a plan is the digest of its bytes', () => {
    expect(planIdOf(plan, sha256)).toBe(sha256(encodePlan(plan)));
    expect(planIdOf(plan, sha256)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('a plan is not stale against itself', () => {
    expect(refuseStale(plan, jsonCopy(plan))).toEqual({ ok: true, value: undefined });
  });

  it('a stale plan is refused with what moved, from where to where', () => {
    const fresh: Plan = {
      ...plan,
      params: { x: { value: [1, 3], from: 'team' } },
      body: { nodes: [put('a'), put('c', ['a'])] },
    };
    const refused = refuseStale(plan, fresh);
    expect(!refused.ok && refused.error.map(({ code, at, message }) => `${code} ${at}: ${message}`)).toEqual([
      expect.stringMatching(/^PLAN_STALE plan › body\.nodes\[b\]: it was `\{.*` .* is `absent` now$/),
      expect.stringMatching(/^PLAN_STALE plan › body\.nodes\[c\]: it was `absent`/),
      'PLAN_STALE plan › params.x.value[1]: it was `2` when the plan was compiled, and is `3` now',
    ]);
  });

  it('values of the entity are not shown', () => {
    const entity = (email: string) => ({ id: 'person:ada', fields: { email } });
    const refused = refuseStale({ ...plan, entity: entity('old@x') }, { ...plan, entity: entity('new@x') });
    expect(!refused.ok && refused.error).toMatchObject([
      { at: 'plan › entity.fields.email', message: 'it has changed since the plan was compiled' },
    ]);
  });

  it('two plans have no changes exactly if they have the same bytes', () => {
    fc.assert(
      fc.property(arbitraryPlan(1), arbitraryPlan(1), (one, other) => {
        expect(changesOf(one, other).length === 0).toBe(encodePlan(one) === encodePlan(other));
      }),
    );
  });

  it('nodes in another order are a change', () => {
    const [a, b] = [put('a'), put('b')];
    expect(changesOf(toyPlan([a, b]), toyPlan([b, a]))).toMatchObject([{ path: 'body.nodes' }]);
  });
});
