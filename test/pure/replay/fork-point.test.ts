/** Where an outcome came to a node, told from histories that Temporal has written: people's refused decisions are among them. */
import { forkPointOf } from '../../../src/replay/fork-point';
import { readStory, readingWith, shelfOf } from '../../../src/replay/history-source';
import { createCodec } from '../../../src/temporal/codec';
import { readActs, readGoldens } from '../../kit/golden-histories';

/** A way back after the end is no part of an outcome's own way, and an act of control is none. */
const told = [
  ...readGoldens().filter(({ name }) => !name.startsWith('backstep-after-end')),
  ...readActs()
    .filter(({ name }) => !name.startsWith('control-'))
    .map(({ name, run }) => ({ name, runs: [run] })),
].map(({ name, runs }) => [name, runs] as const);

test.each(told)('%s is told the same from each of its nodes', async (name, runs) => {
  const story = await readStory(readingWith(shelfOf([[name, runs]]), createCodec()), name);
  const nodes = Object.keys(story.told.state.nodes);
  expect(nodes).not.toEqual([]);
  for (const node of nodes) {
    const point = forkPointOf(story, node)!;
    expect([...point.common, ...point.then]).toEqual(story.told.trace);
    expect(point.before?.nodes[node]).toBeUndefined();
  }
});
