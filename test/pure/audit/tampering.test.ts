/** Whatever is done to a bundle is found and named; what was not touched raises no alarm. */
import fc from 'fast-check';
import { primitives } from '../../../src/app/primitives';
import { append, EMPTY_LOG } from '../../../src/audit/growing-log';
import { recordText, type LogRecord } from '../../../src/audit/record';
import { FILES } from '../../../src/projection/bundle';
import { verifyBundle, type VerifyOptions } from '../../../src/projection/verify-bundle';
import { createCodec } from '../../../src/temporal/codec';
import { bundleOf, filesOf, goldenScene, headOf, signer, type Bundle, type Scene } from '../../kit/bundles';
import { runs } from '../../kit/runs';

const publicKey = Buffer.from(signer.publicKey).toString('base64');
const options: VerifyOptions = { primitives, codec: createCodec(), publicKey };
let scene: Scene;
let clean: Bundle;

const LEFT_OUT =
  /^(continued|gate-approved|incident-resolved)-local|^(clocks|escalation|people|proposal|stray|terminated|control-(?!override))/;

beforeAll(async () => {
  // A few of each shape: each of a thousand bundles is proven from end to end.
  scene = await goldenScene('acme', (run) => !LEFT_OUT.test(run));
  clean = await bundleOf(scene);
});

const codesOf = async (bundle: Bundle, rest: Partial<VerifyOptions> = {}): Promise<readonly string[]> =>
  (await verifyBundle(filesOf(bundle), { ...options, ...rest })).flaws.map(({ code }) => code);

test('a clean bundle holds, and every record in it is derived again', async () => {
  const verified = await verifyBundle(filesOf(clean), options);
  expect(verified.flaws).toEqual([]);
  expect(verified).toMatchObject({
    records: scene.records.length,
    notDerived: 0,
    histories: scene.runs.length,
  });
  expect(verified.derived).toBe(scene.records.length);
});

test('what differs from what its history owes is not counted as derived again', async () => {
  const seq = scene.records.findIndex((text) => text.includes('"kind":"action.committed"'));
  const changed = scene.records[seq]!.replace('"at":"2026', '"at":"2025');
  const verified = await verifyBundle(
    filesOf(await resigned({ records: scene.records.with(seq, changed) })),
    options,
  );
  const differ = verified.flaws.flatMap(({ code, at }) => (code === 'RECORD_DIFFERS' ? [at] : []));
  // The one behind it names the hash of what it was.
  expect(differ).toEqual([`record ${seq}`, `record ${seq + 1}`]);
  expect(verified).toMatchObject({ derived: scene.records.length - 2, notDerived: 0 });
});

interface Tampered {
  readonly bundle: Bundle;
  /** What must be found by what it says alone, even if whoever did it could sign a manifest. */
  readonly codes: readonly string[];
  readonly known?: string;
}
type Tampering = (at: number, to: number) => Promise<Tampered>;

const resigned = (changed: Partial<Scene>): Promise<Bundle> => bundleOf({ ...scene, ...changed });
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  const place = at % copy.length;
  copy[place] = copy[place]! ^ (1 << (at % 8));
  return copy;
};
const records = (change: (texts: string[]) => string[]): string[] => change([...scene.records]);
const pick = (at: number): number => at % scene.records.length;

/** Each with what must be said of it. */
const TAMPERINGS: { readonly [name: string]: Tampering } = {
  'a flipped byte in the records': (at) => {
    const bundle = new Map(clean);
    bundle.set(FILES.records, flipped(clean.get(FILES.records)!, at));
    return Promise.resolve({ bundle, codes: ['FILE_CHANGED'] });
  },
  'a flipped byte in any file': (at) => {
    const names = [...clean.keys()];
    const name = names[at % names.length]!;
    const bundle = new Map(clean);
    bundle.set(name, flipped(clean.get(name)!, at));
    return Promise.resolve({
      bundle,
      codes: ['FILE_CHANGED', 'MANIFEST_NOT_SIGNED', 'MANIFEST_UNREADABLE', 'SIGNER_UNEXPECTED'],
    });
  },
  'a changed word in a record': async (at) => ({
    bundle: await resigned({
      records: records((texts) =>
        texts.map((text, i) => (i === pick(at) ? text.replace('"at":"2026', '"at":"2025') : text)),
      ),
    }),
    codes: ['CHAIN_BROKEN', 'HEAD_ROOT_DIFFERS'],
  }),
  'a dropped record': async (at) => ({
    bundle: await resigned({ records: records((texts) => texts.filter((_, i) => i !== pick(at))) }),
    codes: ['RECORD_OUT_OF_PLACE', 'HEAD_MISSING_RECORDS'],
  }),
  'a record twice': async (at) => ({
    bundle: await resigned({ records: records((texts) => texts.toSpliced(pick(at), 0, texts[pick(at)]!)) }),
    codes: ['RECORD_OUT_OF_PLACE'],
  }),
  'two records that changed places': async (at, to) => {
    const [a, b] = [pick(at), pick(to)];
    const other = a === b ? pick(at + 1) : b;
    return {
      bundle: await resigned({
        records: records((texts) => texts.with(a, texts[other]!).with(other, texts[a]!)),
      }),
      codes: ['RECORD_OUT_OF_PLACE'],
    };
  },
  'an invented record': async (at) => {
    const model = JSON.parse(scene.records[pick(at)]!) as LogRecord;
    const text = recordText({
      ...model,
      at: Date.parse(String(model.at)),
      seq: pick(at),
      data: { invented: true },
    });
    return {
      bundle: await resigned({ records: records((texts) => texts.toSpliced(pick(at), 0, text)) }),
      codes: ['CHAIN_BROKEN', 'RECORD_OUT_OF_PLACE'],
    };
  },
  'a record rewritten with its whole chain, by who holds the key of the log': async (at) => {
    const entries = scene.records.map((text, i) => {
      const record = JSON.parse(text) as LogRecord;
      const data = i === pick(at) ? { ...record.data, rewritten: true } : record.data;
      return { ...record, at: Date.parse(String(record.at)), data };
    });
    const { records: made, end } = append(primitives, EMPTY_LOG, entries);
    const bundle = await resigned({
      records: made.map(({ text }) => text),
      heads: [headOf(scene.tenant, end, 99)],
    });
    // Even so the record is not what its history owes.
    return { bundle, codes: ['RECORD_DIFFERS'] };
  },
  'a record left out with its whole chain made anew, by who holds the key of the log': async (at) => {
    const entries = scene.records
      .map((text) => JSON.parse(text) as LogRecord)
      .map((record) => ({ ...record, at: Date.parse(String(record.at)) }));
    const { records: made, end } = append(primitives, EMPTY_LOG, entries.toSpliced(pick(at), 1));
    const bundle = await resigned({
      records: made.map(({ text }) => text),
      heads: [headOf(scene.tenant, end, 99)],
    });
    return { bundle, codes: ['RECORD_MISSING'] };
  },
  'a changed history': async (at) => {
    const which = at % scene.runs.length;
    const runs = scene.runs.map((run, i) =>
      i === which ? { ...run, stored: flipped(Buffer.from(run.stored!), at) } : run,
    );
    return { bundle: await resigned({ runs }), codes: ['HISTORY_CHANGED'] };
  },
  'the history of another run': async (at) => {
    const which = at % scene.runs.length;
    const runs = scene.runs.map((run, i) =>
      i === which ? { ...run, stored: scene.runs[(which + 1) % scene.runs.length]!.stored! } : run,
    );
    return { bundle: await resigned({ runs }), codes: ['HISTORY_CHANGED'] };
  },
  'a history left out': async (at) => {
    const which = at % scene.runs.length;
    return {
      bundle: await resigned({ runs: scene.runs.filter((_, i) => i !== which) }),
      codes: ['HISTORY_MISSING'],
    };
  },
  'a dropped head': async (at) => {
    const bundle = await resigned({});
    const lines = bundle.get(FILES.heads)!.toString().split('\n');
    bundle.set(FILES.heads, Buffer.from(lines.toSpliced(at % scene.heads.length, 1).join('\n')));
    return { bundle, codes: ['HEAD_MISSING'] };
  },
  'a head signed by somebody else': async (at) => {
    const note = scene.heads[at % scene.heads.length]!;
    const signature = note.lastIndexOf(' ') + 12;
    const forged = `${note.slice(0, signature)}${note[signature] === 'A' ? 'B' : 'A'}${note.slice(signature + 1)}`;
    return {
      bundle: await resigned({ heads: scene.heads.with(at % scene.heads.length, forged) }),
      codes: ['HEAD_NOT_SIGNED'],
    };
  },
  'a roll back to an old head': async (at) => {
    const count = 1 + (at % (scene.runs.length - 1));
    const { records: size, heads } = scene.earlier(count);
    const bundle = await resigned({
      records: scene.records.slice(0, size),
      heads: scene.heads.slice(0, heads),
      runs: scene.runs.slice(0, count),
    });
    return { bundle, codes: ['LOG_ROLLED_BACK'], known: scene.heads.at(-1)! };
  },
};

test('a signature has one form: what decoding would pass over is found, too', async () => {
  const bytes = clean.get(FILES.signature)!;
  for (let at = bytes.length - 4; at < bytes.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ (1 << bit);
      const found = await codesOf(new Map([...clean, [FILES.signature, changed]]));
      expect({ at, bit, found }).toMatchObject({ found: ['MANIFEST_NOT_SIGNED'] });
    }
});

const names = Object.keys(TAMPERINGS);

test(
  'of a thousand random tamperings a thousand are found, each by its name',
  async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: names.length - 1 }), fc.nat(), fc.nat(), async (which, at, to) => {
        const name = names[which]!;
        const { bundle, codes, known } = await TAMPERINGS[name]!(at, to);
        const found = await codesOf(bundle, known === undefined ? {} : { known });
        expect(found).toEqual(expect.arrayContaining([expect.stringMatching(`^(${codes.join('|')})$`)]));
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }),
      { numRuns: runs(1_000) },
    );
    expect([...seen.keys()].sort()).toEqual([...names].sort());
  },
  runs(120_000),
);

const odd: readonly unknown[] = [null, 0, -1, 1e300, '', 'x', true, [], [null], {}, { a: null }, [[1]], [{}]];

test('whatever stands in a record, a verifier says what is wrong and never falls over', async () => {
  const kinds = new Map<unknown, number>();
  scene.records.forEach((text, seq) => {
    const { kind } = JSON.parse(text) as LogRecord;
    if (kind === 'log.archived' || kinds.size === 0) kinds.set(kind, seq);
  });
  expect(kinds.size).toBe(2);
  for (const seq of kinds.values()) {
    const record = JSON.parse(scene.records[seq]!) as Record<string, unknown>;
    const changed = odd.flatMap((value) => [
      value,
      ...Object.keys(record).flatMap((member) => [
        { ...record, [member]: value },
        { ...record, [member]: undefined },
      ]),
      // What lets archived histories go, without the instant up to which it does.
      { ...record, kind: 'log.expired', data: value },
    ]);
    for (const one of changed) {
      const text = JSON.stringify(one);
      if (text === scene.records[seq]) continue;
      const bundle = await resigned({ records: scene.records.with(seq, text) });
      expect([one, (await codesOf(bundle)).length]).not.toEqual([one, 0]);
    }
  }
}, 120_000);

test('whatever stands in a manifest, a verifier says what is wrong and never falls over', async () => {
  const manifest = JSON.parse(clean.get(FILES.manifest)!.toString()) as Record<string, unknown>;
  const [run = {}] = manifest['runs'] as readonly Record<string, unknown>[];
  const changed = odd.flatMap((value) => [
    value,
    ...Object.keys(manifest).map((member) => ({ ...manifest, [member]: value })),
    ...Object.keys(run).map((member) => ({ ...manifest, runs: [{ ...run, [member]: value }] })),
    { ...manifest, signer: { ...(manifest['signer'] as object), publicKey: value } },
    { ...manifest, signer: { ...(manifest['signer'] as object), name: value } },
  ]);
  for (const one of changed) {
    const bundle = new Map(clean).set(FILES.manifest, Buffer.from(JSON.stringify(one)));
    expect([one, (await codesOf(bundle)).length]).not.toEqual([one, 0]);
    await verifyBundle(filesOf(bundle), { primitives, codec: createCodec() });
  }
});

test('nor does it over files of other kinds', async () => {
  for (const name of [FILES.heads, FILES.keys, FILES.records, FILES.signature]) {
    for (const text of ['', 'null', '[]', '{"a":null}', '[null]', '{"__proto__":1}', '"x"', '\n\n', '{']) {
      expect(await codesOf(new Map(clean).set(name, Buffer.from(text)))).not.toEqual([]);
    }
  }
});
