/** A process with all of Backstep's robots, put together as the shipped worker is, and measured where the parent asks for it. */
import type { PayloadCodec } from '@temporalio/common';
import { contracts, effectOf, warm } from '../activities';
import type { AnyEffect } from '../activities/kit/steps';
import { createBarrier, type Barrier } from '../src/store/barrier';
import { createExclusive } from '../src/store/exclusive';
import { openDatabase } from '../src/store/database';
import { createActivities } from '../src/temporal/activities';
import { createCodec } from '../src/temporal/codec';
import { createDispatcher } from '../src/temporal/dispatcher';
import { quietRuntime, startWorker, type Robot } from '../src/temporal/worker';
import { hostWorker, type OnSpan } from './worker-host';

const nothing = (): void => undefined;
const log = { info: nothing, warn: (...said: unknown[]) => console.error('backstep:', ...said) };

/** Leaves payloads as they are. */
const plain: PayloadCodec = {
  encode: (payloads) => Promise.resolve(payloads),
  decode: (payloads) => Promise.resolve(payloads),
};

void hostWorker(async (brief, onSpan) => {
  quietRuntime();
  warm();
  const database = openDatabase({ url: brief.databaseUrl, applicationName: 'backstep-bench' });
  const barrier = createBarrier(database);
  const awfs = contracts.filter(({ system }) => brief.connections[system] !== undefined);
  const dispatcher = createDispatcher({
    barrier: onSpan === undefined ? barrier : timedBarrier(barrier, onSpan),
    exclusive: createExclusive(database),
    effects: onSpan === undefined ? effectOf : timedEffects(onSpan),
    connections: (_tenant, system) => brief.connections[system]!,
    now: Date.now,
    log,
  });
  const domains = [...new Set(awfs.map(({ domain }) => domain))];
  const worker = await startWorker({
    address: brief.address,
    namespace: brief.namespace,
    robots: ['service', ...domains.map((domain): Robot => `platform:${domain}`)],
    activities: createActivities({ dispatcher, awfs: awfs.map(({ name }) => name), log }),
    codec: brief.codec ? createCodec() : plain,
  });
  return {
    async stop() {
      await worker.stop();
      await database.close();
    },
  };
});

async function timed<T>(onSpan: OnSpan, name: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    onSpan(name, performance.now() - begun);
  }
}

function timedBarrier(barrier: Barrier, onSpan: OnSpan): Barrier {
  return {
    ...barrier,
    admitExecute: (request) => timed(onSpan, 'admit', () => barrier.admitExecute(request)),
    keepPrior: (key, prior) => timed(onSpan, 'keep prior', () => barrier.keepPrior(key, prior)),
    commit: (key, result) => timed(onSpan, 'commit', () => barrier.commit(key, result)),
  };
}

function timedEffects(onSpan: OnSpan): (awf: string) => Promise<AnyEffect | undefined> {
  const known = new Map<string, AnyEffect>();
  return async (awf) => {
    const found = known.get(awf) ?? (await effectOf(awf));
    if (found === undefined || known.has(awf)) return found;
    const { capture, execute } = found;
    const effect: AnyEffect = {
      ...found,
      ...(capture === undefined
        ? {}
        : { capture: (input, context) => timed(onSpan, 'capture', () => capture(input, context)) }),
      execute: (input, context) => timed(onSpan, 'execute', () => execute(input, context)),
    };
    known.set(awf, effect);
    return effect;
  };
}
