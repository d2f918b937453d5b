/** Signals and updates are read in one way, by the running workflow as by whoever reads its history. */
import { ACTS, malformed, readAct, readSignal, type ActName } from '../../../workflows/acts';

const wellFormed: { readonly [Name in ActName]: object } = {
  decide: { gate: 'manager', verdict: 'approve', by: 'person:mary', reason: 'fine' },
  pause: { by: 'person:mary' },
  resume: { by: 'person:mary', reason: 'back' },
  backstep: { by: 'person:mary' },
  cancel: { by: 'person:mary' },
  resolve: {
    node: 'a',
    by: 'person:mary',
    resolution: { as: 'supply', output: { id: 1 }, evidence: 'ticket 7' },
  },
  release: { node: 'a' },
  override: {
    node: 'a',
    by: 'person:mary',
    reason: 'not needed',
    scope: 'step',
    change: { do: 'skip', output: { id: 1 } },
  },
  claim: { node: 'a', by: 'person:mary' },
  unclaim: { node: 'a', by: 'person:mary', reason: 'on leave' },
  signal: { name: 'contract.signed', data: { by: 'x' } },
};

test.each(ACTS)('`%s` is read whole', (name) => {
  const read = readAct(name, wellFormed[name]);
  expect(read).toMatchObject({ ok: true, value: { kind: name } });
});

test('a decision carries who, what and why', () => {
  expect(readAct('decide', wellFormed.decide)).toEqual({
    ok: true,
    value: {
      kind: 'decide',
      decision: { gate: 'manager', verdict: 'approve', by: 'person:mary', reason: 'fine' },
    },
  });
});

test.each<[ActName, unknown, string]>([
  [
    'decide',
    'yes',
    '`decide`: the argument is no object, `gate` is no text of 1 to 2000 characters, `verdict` is none of approve, reject, `by` is no text of 1 to 2000 characters',
  ],
  ['decide', { ...wellFormed.decide, verdict: 'maybe' }, '`decide`: `verdict` is none of approve, reject'],
  // What could be acted on and not be kept would be off the record.
  ['pause', { by: 'x', reason: 'a\u0000b' }, '`pause`: `reason` is no text of 1 to 2000 characters'],
  ['cancel', { by: 'x', reason: 'a\ud800b' }, '`cancel`: `reason` is no text of 1 to 2000 characters'],
  [
    'resolve',
    { ...wellFormed.resolve, resolution: { as: 'supply', evidence: 'e', output: { a: ['\ud800'] } } },
    '`resolve`: `resolution.output` is nothing that can be kept',
  ],
  ['pause', {}, '`pause`: `by` is no text of 1 to 2000 characters'],
  ['pause', { by: 'x', reason: 7 }, '`pause`: `reason` is no text of 1 to 2000 characters'],
  [
    'resolve',
    { node: 'a', by: 'x', resolution: { as: 'accept' } },
    '`resolve`: `resolution.reason` is no text of 1 to 2000 characters',
  ],
  [
    'resolve',
    { node: 'a', by: 'x' },
    '`resolve`: `resolution` is no object, `resolution.as` is none of retry, supply, accept, backstep',
  ],
  [
    'override',
    { node: 'a', by: 'x', reason: 'y', scope: 'automation', change: { do: 'attest', evidence: 'z' } },
    '`override`: `change.output` is not there, `change.undo` is none of person, compensation, `scope` is none of step, outcome',
  ],
  [
    'override',
    {
      ...{ node: 'a', by: 'x', reason: 'y', scope: 'step' },
      change: { do: 'replace', awf: 'toy.put', awfs: { 'toy.put': { effect: 'explode' } } },
    },
    '`override`: `change.awfs.toy.put.effect` is none of read, mutate, `change.awfs.toy.put.reversibility` is none of full, partial, irreversible, `change.awfs.toy.put.timeoutMs` is no positive number',
  ],
  ['signal', { data: 1 }, '`signal`: `name` is no text of 1 to 2000 characters'],
  ['signal', { name: 'x', data: Infinity }, '`signal`: `data` is nothing that can be kept'],
  ['signal', { name: 'x', data: 'y'.repeat(300_000) }, '`signal`: `data` is too large'],
  // Every object has something of these names: a table of steps would seem to know them.
  ['release', { node: 'constructor' }, '`release`: `node` is a name that no node and no AWF can have'],
  [
    'decide',
    { ...wellFormed.decide, gate: '__proto__' },
    '`decide`: `gate` is a name that no node and no AWF can have',
  ],
  [
    'override',
    {
      ...{ node: 'a', by: 'x', reason: 'y', scope: 'step' },
      change: {
        ...{ do: 'replace', awf: 'toy.put' },
        awfs: {
          'toy.put': {
            effect: 'read',
            reversibility: 'full',
            timeoutMs: 1,
            compensation: 'valueOf',
            more: '\ud800',
          },
        },
      },
    },
    '`override`: `change.awfs.toy.put.compensation` is a name that no node and no AWF can have, `change.awfs.toy.put` is nothing that can be kept',
  ],
])('a malformed `%s` is refused with what is wrong (%j)', (name, data, problem) => {
  expect(readAct(name, data)).toEqual({ ok: false, error: problem });
});

test('a tower of brackets is refused in every member, and never walked', () => {
  const tower: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
  for (const name of ACTS) {
    expect(readAct(name, tower)).toMatchObject({ ok: false });
    for (const member of Object.keys(wellFormed[name]))
      expect(readAct(name, { ...wellFormed[name], [member]: tower })).toMatchObject({ ok: false });
  }
  for (const change of [
    { do: 'skip', output: tower },
    { do: 'edit', input: tower },
  ])
    expect(readAct('override', { ...wellFormed.override, change })).toMatchObject({ ok: false });
  expect(readSignal('contract.signed', tower)).toMatchObject({ ok: false });
});

test('a signal under a name that cannot be kept is none, and what is put on record of it can be', () => {
  const read = readSignal('a\u0000\ud800', {});
  expect(read).toEqual({ ok: false, error: '`signal`: `name` is no text of 1 to 2000 characters' });
  expect(malformed('a\u0000\ud800', 'x\u0000')).toEqual({
    ...{ kind: 'malformed', act: 'a\uFFFD\uFFFD', problem: 'x\uFFFD' },
  });
});

test('any other signal is one that a node may wait for', () => {
  expect(readSignal('contract.signed', { page: 3 })).toEqual({
    ok: true,
    value: { kind: 'signal', name: 'contract.signed', data: { page: 3 } },
  });
});
