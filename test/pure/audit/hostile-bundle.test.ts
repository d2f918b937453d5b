/** Whatever somebody has put into a bundle and signed, its verifier names what is wrong: it neither throws nor works for hours. */
import { temporal } from '@temporalio/proto';
import fc from 'fast-check';
import { primitives } from '../../../src/app/primitives';
import { canonicalJson } from '../../../src/kernel/json';
import { packHistory } from '../../../src/projection/archive';
import { FILES, linesOf } from '../../../src/projection/bundle';
import { verifyBundle, type Verified, type VerifyOptions } from '../../../src/projection/verify-bundle';
import { createCodec } from '../../../src/temporal/codec';
import { bundleOf, filesOf, goldenScene, signer, type Bundle, type Scene } from '../../kit/bundles';
import { plainEventsOf } from '../../kit/golden-histories';
import { GOLDEN_KEY, goldenRuns } from '../../kit/golden-records';

const { History: HistoryProto } = temporal.api.history.v1;
const publicKey = Buffer.from(signer.publicKey).toString('base64');
const options: VerifyOptions = { primitives, codec: createCodec(), publicKey };
const towerOf = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** What takes the place of a member: texts, so that what JSON reads and cannot print is among them. */
const ODD = [
  ...['null', '0', '-1', '0.5', '1e999', '8640000000000001', '9007199254740993', 'true', '[]', '{}', '""'],
  ...['"x"', '"\\u0000"', '"\\ud800"', '[null]', '[[1]]', '[{}]', '{"a":null}', '{"__proto__":{"a":1}}'],
  ...['"__proto__"', '"constructor"', towerOf(20_000), `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
];

type Plain = Record<string, unknown>;
/** Places of members, however deep. */
const places = (value: unknown): (readonly [Plain, string])[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, inner]) => [[value as Plain, name] as const, ...places(inner)]);

let scene: Scene;
/** Of each run of the scene its history with its payloads open, which pass the codec as they are. */
let histories: { readonly at: number; readonly events: unknown }[];

beforeAll(async () => {
  scene = await goldenScene(
    'acme',
    (run) => !/^(gate-approved|incident-resolved|onboarding)-local/.test(run),
  );
  histories = await Promise.all(
    scene.runs.map(async ({ run }, at) => {
      const { history } = goldenRuns().find((golden) => golden.run === run)!;
      return { at, events: await opened(plainEventsOf(history)) };
    }),
  );
});

/** Payloads as `{ json }`. */
async function opened(value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map(opened));
  if ('metadata' in value && 'data' in value) {
    const plain = temporal.api.common.v1.Payload.fromObject(value);
    const [payload] = await options.codec.decode([plain]);
    const text = Buffer.from(payload?.data ?? []).toString();
    return text === '' ? value : { json: JSON.parse(text) as unknown };
  }
  const members = Object.entries(value).map(async ([name, inner]) => [name, await opened(inner)] as const);
  return Object.fromEntries(await Promise.all(members));
}

/** `«text»` stands for a member's own text, which JSON alone could not hold. */
const textOf = (value: unknown): string =>
  JSON.stringify(value).replace(/"«(\d+)»"/g, (_, n) => ODD[Number(n)]!);

function closed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  if ('json' in value)
    return {
      metadata: { encoding: Buffer.from('json/plain') },
      data: Buffer.from(textOf(value.json)),
    };
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closed(inner)]));
}

const verified = async (bundle: Bundle): Promise<Verified> => verifyBundle(filesOf(bundle), options);
const stored = (at: number, bytes: Uint8Array): Promise<Bundle> =>
  bundleOf({ ...scene, runs: scene.runs.with(at, { ...scene.runs[at]!, stored: bytes }) });

/** A bundle with another history in the place of one. */
function withHistory(at: number, events: unknown): Promise<Bundle> {
  const { workflow, run } = scene.runs[at]!;
  const history = HistoryProto.fromObject({ events: closed(events) });
  return stored(at, packHistory({ tenant: scene.tenant, workflow, run }, history, GOLDEN_KEY));
}

test('a history with any of its members odd ends in named flaws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(ODD.length), async (which, where, odd) => {
      const { at, events } = histories[which % histories.length]!;
      const copy = structuredClone(events) as { readonly json: unknown }[];
      // Members of payloads: of all else the wire format says what it is.
      const open = places(copy)
        .filter(([, name]) => name === 'json')
        .map(([payload]) => payload);
      const members = open.flatMap((payload) => places(payload));
      const [owner, name] = members[where % members.length]!;
      if (odd === ODD.length) delete owner[name];
      else owner[name] = `«${odd}»`;
      const { flaws } = await verified(await withHistory(at, copy));
      expect(flaws).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'HISTORY_CHANGED' })]));
      for (const { code, what } of flaws)
        if (code === 'HISTORY_UNREADABLE') expect(what).not.toMatch(/^(Cannot|undefined)/);
    }),
    { numRuns: 150 },
  );
}, 60_000);

interface OpenStart {
  json: { plan: { body: unknown; wire?: number } };
}
const startOf = (events: unknown): OpenStart['json'] =>
  (
    events as readonly { workflowExecutionStartedEventAttributes?: { input: { payloads: OpenStart[] } } }[]
  )[0]!.workflowExecutionStartedEventAttributes!.input.payloads[0]!.json;
const unreadable = ({ flaws }: Verified): readonly string[] =>
  flaws.filter(({ code }) => code === 'HISTORY_UNREADABLE').map(({ what }) => what);
const outcome = (): { readonly at: number; readonly events: unknown } =>
  structuredClone(histories.find(({ at }) => !scene.runs[at]!.workflow.startsWith('control'))!);

test('a plan that would keep a fold busy for years is not folded', async () => {
  const { at, events } = outcome();
  const each = (id: string, body: readonly object[]): object => ({
    ...{ kind: 'each', id, over: { lit: Array(1_000).fill(0) }, max: 1_000, parallel: true, body },
  });
  startOf(events).plan.body = [each('a', [each('b', [each('c', [{ kind: 'checkpoint', id: 'd' }])])])];
  expect(unreadable(await verified(await withHistory(at, events)))).toEqual([
    'its plan has up to 1001001001 nodes: at most 10000 may be',
  ]);
});

test('a plan that is none is told with its place, packed or not', async () => {
  const { at, events } = outcome();
  const plan = startOf(events).plan;
  plan.body = [{ id: 'a', awf: 'toy.none', input: { lit: {} } }];
  expect(unreadable(await verified(await withHistory(at, events)))).toEqual([
    'its plan is not whole: plan › node a › awf: the plan does not hold the AWF `toy.none`',
  ]);
  plan.body = 7;
  expect(unreadable(await verified(await withHistory(at, events)))).toEqual([
    expect.stringMatching(/^a stored plan has wire form 1: /),
  ]);
});

test('more events than Temporal keeps are not read', async () => {
  const { at } = outcome();
  const { workflow, run } = scene.runs[at]!;
  // Two bytes an event: field 1 of a history, and nothing in it.
  const many = HistoryProto.decode(Buffer.alloc(2 * 110_000, Uint8Array.of(10, 0)));
  const packed = packHistory({ tenant: scene.tenant, workflow, run }, many, GOLDEN_KEY);
  expect(unreadable(await verified(await stored(at, packed)))).toEqual([
    'it has 110000 events, and Temporal keeps no 102400',
  ]);
});

test('bytes that are no history are told so', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(1_000, 7)])
    expect(unreadable(await verified(await stored(0, bytes)))).toEqual([expect.stringMatching(/\w/)]);
});

test('whatever stands in the place of a record, or of any of its members, is no record', async () => {
  const own = scene.records[3]!;
  const record = JSON.parse(own) as Record<string, unknown>;
  for (const odd of [...ODD, '{', '']) {
    const within = Object.keys(record).map((name) =>
      JSON.stringify({ ...record, [name]: '«»' }).replace('"«»"', odd),
    );
    for (const text of [odd, ...within]) {
      if (text === own) continue;
      const records = scene.records.with(3, text);
      const { flaws } = await verified(await bundleOf({ ...scene, records, runs: [] }));
      expect(flaws.filter(({ code }) => code !== 'HISTORY_MISSING')).not.toEqual([]);
    }
  }
});

test('a key that is none does not pass for one that was destroyed', async () => {
  const destroyed = await verified(await bundleOf(scene, signer, () => Promise.resolve(null)));
  expect(destroyed).toMatchObject({ derived: 0, flaws: [{ code: 'KEY_MISSING', at: 'file keys.json' }] });
  const { flaws } = await verified(
    await bundleOf(scene, signer, () => Promise.resolve(Buffer.from('short'))),
  );
  expect(flaws).toContainEqual({
    ...{ code: 'FILE_CHANGED', at: 'file keys.json' },
    what: `it has neither a key \`${GOLDEN_KEY.id}\` nor the word that it was destroyed`,
  });
});

test('a file that the manifest has no hash of is told, whoever signed the manifest', async () => {
  const bundle = await bundleOf(scene);
  const manifest = JSON.parse(bundle.get(FILES.manifest)!.toString()) as { files: Record<string, string> };
  for (const name of Object.keys(manifest.files)) {
    const { [name]: _, ...files } = manifest.files;
    const text = `${canonicalJson({ ...manifest, files })}\n`;
    const changed = new Map(bundle)
      .set(FILES.manifest, Buffer.from(text))
      .set(FILES.signature, Buffer.from(`${Buffer.from(signer.sign(text)).toString('base64')}\n`));
    expect((await verified(changed)).flaws).toEqual([
      {
        code: 'FILE_CHANGED',
        at: `file ${name}`,
        what: 'the manifest has no hash of it, so nobody signed for it',
      },
    ]);
  }
});

test('a line that never ends is cut before it takes the memory', () => {
  const piece = Buffer.alloc(1 << 20, 'x');
  const longest = Math.max(...[...linesOf(Array<Buffer>(40).fill(piece))].map(({ length }) => length));
  expect(longest).toBeLessThan(20 * (1 << 20));
});
