import { createLogger, type LoggerOptions } from '../../../src/telemetry/logger';

function lines(
  level: LoggerOptions['level'],
  say: (log: ReturnType<typeof createLogger>) => void,
): unknown[] {
  const written: string[] = [];
  say(
    createLogger({ level, write: (line) => written.push(line), now: () => 0, fields: { role: 'service' } }),
  );
  return written.map((line) => JSON.parse(line) as unknown);
}

describe('the log', () => {
  it('is one JSON object a line, with instant, level, event and fields', () => {
    expect(lines('info', (log) => log.with({ tenant: 'acme' }).log('worker.started', { slots: 4 }))).toEqual([
      {
        at: '1970-01-01T00:00:00.000Z',
        level: 'info',
        event: 'worker.started',
        role: 'service',
        tenant: 'acme',
        slots: 4,
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    expect(lines('error', (log) => log.log('event.kept'))).toEqual([]);
  });

  it('shows an error without its stack, and cuts what is too long', () => {
    const [line] = lines('error', (log) =>
      log.log('worker.failed', { error: new TypeError('gone'), long: 'x'.repeat(5_000) }),
    );
    expect(line).toMatchObject({ error: 'TypeError: gone', long: 'x'.repeat(2_000) });
  });
});
