/** `backstep up`: servers, sandbox and robots in the foreground, until Ctrl-C. Entry ring. */
import { bringUp, type Up } from '../../app/bring-up';
import { Complaint } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { configOf } from '../refuse';
import { openServices, seedTenant } from '../../app/services';
import { table } from '../table';
import type { Terminal } from '../terminal';

interface UpOptions extends CommonOptions {
  readonly ui?: true;
  readonly robots: boolean;
  readonly sandbox: boolean;
  readonly fresh?: true;
}

export async function up(context: CommandContext, _given: readonly [], options: UpOptions): CommandResult {
  const { terminal, settings } = context;
  const config = await configOf(context, options.tenant);
  const signal = context.signal();
  const begun = Date.now();
  const running = await terminal.during('starting servers', (say) =>
    bringUp({
      settings,
      tenant: options.tenant,
      robots: options.robots,
      sandbox: options.sandbox,
      ui: options.ui === true,
      fresh: options.fresh === true,
      signal,
      onProgress: say,
      onLog: (line) => terminal.note(line),
    }),
  );
  if (!running.owned) {
    throw new Complaint(`the stand \`${running.stand.name}\` is up already: another process runs it`, {
      code: 'STAND_ALREADY_UP',
      help: 'use it as it is, stop it with Ctrl-C where it runs, or name another one with BACKSTEP_STAND',
    });
  }
  try {
    const services = await openServices(settings, running.wiring);
    await seedTenant(services, config).finally(() => services.close());
    say(terminal, options, running, Date.now() - begun);
    await untilStopped(running, signal, terminal);
  } finally {
    await terminal.during('stopping', () => running.close());
  }
  terminal.note('stopped; the data stays for the next time');
  return 0;
}

function say(terminal: Terminal, options: UpOptions, running: Up, ms: number): void {
  const { stand, sandbox, workers } = running;
  if (options.json) {
    terminal.json({
      ready: true,
      owner: process.pid,
      dataDir: stand.dataDir,
      temporal: stand.temporal.address,
      namespace: stand.temporal.namespace,
      ui: stand.temporal.uiUrl ?? null,
      sandbox: running.wiring.sandboxUrl ?? null,
      robots: workers.map(({ pid }) => pid),
    });
    return;
  }
  const rows = [
    ['Temporal', stand.temporal.address, stand.temporal.uiUrl ?? 'no web interface: `--ui` serves it'],
    ['Postgres', stand.postgres.external ? 'DATABASE_URL' : new URL(stand.postgres.url).host, ''],
    ['sandbox', running.wiring.sandboxUrl ?? 'none', sandbox === undefined ? '' : `process ${sandbox.pid}`],
    [
      'robots',
      workers.length === 0 ? 'none' : 'all roles',
      workers.map(({ pid }) => `process ${pid}`).join(', '),
    ],
  ];
  terminal.line(`everything is up after ${(ms / 1_000).toFixed(1)} s; Ctrl-C stops it`);
  for (const line of table(rows)) terminal.line(`  ${line}`);
  terminal.line();
  terminal.line('In another terminal:');
  terminal.line(`  $ backstep run EMP-R-001 --entity person:sarah.chen`);
  terminal.line(`  $ backstep run EMP-R-001 --entity person:noah.kim --param approval=manager`);
}

/** Ends with the signal, or with a complaint where robots ended by themselves. */
async function untilStopped({ workers }: Up, signal: AbortSignal, terminal: Terminal): Promise<void> {
  const asked = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const end = await Promise.race([asked, ...workers.map((worker) => worker.ended)]);
  if (end === undefined || end.asked) return;
  terminal.note(end.lastWords);
  throw new Complaint(`the robots ended by themselves, with code ${end.code ?? 'none'}`, {
    code: 'WORKER_START_FAILED',
    help: 'start again; BACKSTEP_LOG=info says more',
  });
}
