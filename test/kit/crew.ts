/** Robot processes of a test; one that dies is replaced at once, and all end with the test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';

export class Crew {
  private readonly children = new Set<ChildProcess>();
  private isOver = false;
  died = 0;

  /** @param program file in this folder; `settings` is its argument, as JSON */
  constructor(
    private readonly program: string,
    private readonly settings: object,
  ) {}

  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.startOne()));
  }

  /** Kills one of ours with SIGKILL; one that is dead already stays so. */
  kill(pid: number): void {
    for (const child of this.children) if (child.pid === pid) child.kill('SIGKILL');
  }

  /** Kills all of ours at once; each is replaced. */
  killAll(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }

  /** Kills any one of ours; it is replaced. */
  killOne(): void {
    const all = [...this.children];
    if (all.length > 0) all[randomInt(all.length)]!.kill('SIGKILL');
  }

  /** Lets those go on that were stopped with SIGSTOP. */
  wake(): void {
    for (const child of this.children) child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(
      [...this.children].map(
        (child) =>
          new Promise((resolve) => {
            child.once('exit', resolve);
            child.kill('SIGKILL');
          }),
      ),
    );
  }

  private startOne(): Promise<void> {
    const register = path.join(__dirname, '../../bench/embedded-register.cjs');
    const args = ['-r', register, path.join(__dirname, this.program), JSON.stringify(this.settings)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.add(child);
    child.stdin.on('error', () => undefined);
    child.once('exit', () => {
      this.children.delete(child);
      if (this.isOver) return;
      this.died += 1;
      void this.startOne();
    });
    return new Promise((resolve) => child.stdout.once('data', () => resolve()));
  }
}
