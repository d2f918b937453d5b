/** When a log is given a signed head: soon after something new, now and then when nothing is, whatever the clock does. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { primitives } from '../../../src/app/primitives';
import { readHead, type Signer } from '../../../src/audit/checkpoint';
import { append, EMPTY_LOG } from '../../../src/audit/growing-log';
import { HEAD_TIMES, originOf, signWhenDue, type HeadParts } from '../../../src/projection/heads';
import type { Entry } from '../../../src/audit/record';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signer: Signer = {
  name: 'log.example',
  publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
  sign: (text) => sign(null, Buffer.from(text), privateKey),
};
const entry: Entry = {
  tenant: 'acme',
  at: 0,
  kind: 'admin.acted',
  actor: { kind: 'person', id: 'person:ada' },
  origin: { workflow: 'w', run: 'r', event: 1, part: 0 },
  data: {},
};

/** A log in memory with a clock that a test sets; `sign` says whether a head was signed. */
function log() {
  let end = EMPTY_LOG;
  const heads: { readonly at: number; readonly size: number; readonly note: string }[] = [];
  const clock = { now: Date.UTC(2031, 0, 1) };
  const store = {
    write: (_tenant: string, work: (writer: object) => Promise<boolean>) =>
      work({
        end,
        newestCheckpoint: () => Promise.resolve(heads.at(-1)),
        addCheckpoint: (_of: string, head: (typeof heads)[number]) => Promise.resolve(void heads.push(head)),
      }),
  } as unknown as HeadParts['store'];
  return {
    clock,
    heads,
    grow: () => void ({ end } = append(primitives, end, [entry])),
    sign: () => signWhenDue({ store, primitives, signer, now: () => clock.now }, 'acme'),
  };
}

test('what is new is signed within a minute, and what stands as it stood every ten', async () => {
  const { clock, grow, sign: signNow } = log();
  grow();
  expect(await signNow()).toBe(true);
  grow();
  clock.now += HEAD_TIMES.growing - 1;
  expect(await signNow()).toBe(false);
  clock.now += 1;
  expect(await signNow()).toBe(true);
  clock.now += HEAD_TIMES.idle - 1;
  expect(await signNow()).toBe(false);
  clock.now += 1;
  expect(await signNow()).toBe(true);
});

test('a clock that was set back keeps nothing new from being signed, and no head is older than the one before', async () => {
  const { clock, heads, grow, sign: signNow } = log();
  grow();
  clock.now += 400 * 86_400_000;
  expect(await signNow()).toBe(true);
  clock.now -= 400 * 86_400_000;
  expect(await signNow()).toBe(false);
  grow();
  expect(await signNow()).toBe(true);
  expect(await signNow()).toBe(false);
  const read = heads.map(({ note }) =>
    readHead(primitives, note, { origin: originOf('acme'), verifier: signer }),
  );
  const [first, second] = read.map((head) => (head.ok ? head.value : undefined));
  expect([first?.size, second?.size]).toEqual([1, 2]);
  expect(second!.at).toBeGreaterThan(first!.at);
});

test('two processes whose clocks differ by less than a minute do not sign by turns', async () => {
  const { clock, grow, sign: signNow } = log();
  grow();
  expect(await signNow()).toBe(true);
  grow();
  clock.now -= HEAD_TIMES.growing - 1;
  expect(await signNow()).toBe(false);
});
