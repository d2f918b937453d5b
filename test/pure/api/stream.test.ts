/** A trace as server-sent events: what each frame holds, and what makes two connections tell the same. */
import fc from 'fast-check';
import { API_LIMITS } from '../../../src/api/limits';
import { traceStream } from '../../../src/api/stream';
import type { EngineState } from '../../../src/engine/state';
import type { TraceEvent } from '../../../src/engine/trace';
import type { Telling } from '../../../src/projection/trace';

const STATE = { phase: 'completed' } as EngineState;

async function* telling(looks: readonly (readonly TraceEvent[])[]): AsyncGenerator<Telling, void> {
  for (const [n, news] of looks.entries()) {
    await Promise.resolve();
    yield { news, state: STATE, isOver: n === looks.length - 1 };
  }
}

async function framesOf(looks: readonly (readonly TraceEvent[])[], now = (): number => 0): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of traceStream(telling(looks), now)) frames.push(frame);
  return frames;
}

const checkpoint = (node: string, at = 1): TraceEvent => ({ kind: 'checkpoint', node, at });

test('each event is one frame, and the last frame says how the story ended', async () => {
  const frames = await framesOf([[checkpoint('a')], [checkpoint('b')]]);
  expect(frames.map((frame) => frame.replace(/id: \S+/, 'id: …'))).toEqual([
    ': the story from its beginning\n\n',
    'event: trace\nid: …\ndata: {"at":1,"kind":"checkpoint","node":"a"}\n\n',
    'event: trace\nid: …\ndata: {"at":1,"kind":"checkpoint","node":"b"}\n\n',
    'event: end\nid: …\ndata: {"phase":"completed"}\n\n',
  ]);
});

test('ids are the same on every connection, in whatever order and portions events are told, and no two are alike', async () => {
  const idsOf = (frames: readonly string[]): readonly string[] =>
    frames.flatMap((frame) => /^event: trace\nid: (\S+)/.exec(frame)?.[1] ?? []).sort();
  // A text with line breaks must not be able to end a frame.
  const event = fc.record({ node: fc.constantFrom('a', 'b', 'c\n\nevent: end'), at: fc.constantFrom(1, 2) });
  await fc.assert(
    fc.asyncProperty(
      fc
        .array(event, { minLength: 1, maxLength: 12 })
        .chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
            fc.integer({ min: 0, max: events.length }),
          ),
        ),
      async ([events, shuffled, cut]) => {
        const told = events.map(({ node, at }) => checkpoint(node, at));
        const again = shuffled.map(({ node, at }) => checkpoint(node, at));
        const [once, twice] = [
          await framesOf([told]),
          await framesOf([again.slice(0, cut), again.slice(cut)]),
        ];
        expect(idsOf(once)).toEqual(idsOf(twice));
        expect(new Set(idsOf(once)).size).toBe(events.length);
        for (const frame of once) expect(frame.indexOf('\n\n')).toBe(frame.length - 2);
      },
    ),
  );
});

test('a long silence is broken by a comment, and a short one is not', async () => {
  let at = 0;
  const frames = await framesOf([[], [], [], []], () => (at += API_LIMITS.heartbeatMs / 2));
  expect(frames.filter((frame) => frame === ':\n\n')).toHaveLength(1);
});
