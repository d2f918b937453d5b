import { createLogger } from '../../../src/telemetry/logger';
import { currentScope, within } from '../../../src/telemetry/scope';

test('a line has the correlation of the work it was written in, through every wait', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'info',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    now: () => 0,
    fields: { role: 'worker' },
    scope: () => currentScope().fields,
  });
  const work = async (correlation: string): Promise<void> =>
    within({ fields: { correlation } }, async () => {
      await Promise.resolve();
      within({ fields: { node: 'a' } }, () => logger.log('action.note', { message: correlation }));
    });
  await Promise.all([work('one'), work('two')]);
  logger.log('action.note');
  expect(lines.map(({ correlation, node, message }) => [correlation, node, message])).toEqual([
    ['one', 'a', 'one'],
    ['two', 'a', 'two'],
    [undefined, undefined, undefined],
  ]);
});
