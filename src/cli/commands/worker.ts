/** `backstep worker`: robots until Ctrl-C, against a running stand or the servers of the environment. Entry ring. */
import { domains, robotOf, startRobots } from '../../app/robots';
import { wiringOf, type Wiring } from '../../app/wiring';
import type { WorkerReady } from '../../app/worker-process';
import { didYouMean } from '../../kernel/diagnostic';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { standThatIsUp } from '../services';

interface WorkerOptions extends CommonOptions {
  readonly robots?: readonly string[];
  readonly slots?: number;
  /** Ends when standard input does, so that it never outlives the process that started it. */
  readonly exitWithParent?: true;
}

export async function worker(
  context: CommandContext,
  _given: readonly [],
  options: WorkerOptions,
): CommandResult {
  const { terminal, settings } = context;
  checkRobots(options.robots);
  const signal = context.signal();
  const wiring: Wiring = wiringOf(settings) ?? (await standThatIsUp(context, options)).wiring;
  const running = await terminal.during('starting the robots', () =>
    startRobots({
      settings,
      wiring,
      ...(options.robots === undefined ? {} : { robots: options.robots }),
      ...(options.slots === undefined ? {} : { slots: options.slots }),
    }),
  );
  const names = running.robots.map((robot) => robot.replace(/^platform:/, ''));
  const ready: WorkerReady = { ready: true, pid: process.pid, robots: names };
  if (options.json) terminal.json(ready);
  else terminal.line(`robots take work: ${names.join(', ')} (process ${process.pid})`);
  const asked = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (options.exitWithParent) {
      process.stdin.resume();
      process.stdin.once('end', resolve);
      process.stdin.once('error', () => resolve());
    }
  });
  await Promise.race([asked, running.ended]);
  await running.stop();
  return 0;
}

function checkRobots(robots: readonly string[] | undefined): void {
  const known = ['service', ...domains()];
  for (const name of robots ?? []) {
    if (robotOf(name) !== undefined) continue;
    throw usage(
      `\`${name}\` is no robot`,
      didYouMean(name, known) ?? `there are ${known.map((one) => `\`${one}\``).join(', ')}`,
    );
  }
}
