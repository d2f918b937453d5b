/**
 * Tells the demonstration and keeps its account: headings, what is asserted, and how long each part took.
 * Entry ring.
 */
import { Complaint } from '../complaint';
import type { Terminal } from '../terminal';

export interface Part {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly asserted: readonly string[];
}

export class Narrator {
  readonly parts: Part[] = [];
  private asserted: string[] = [];

  constructor(
    readonly terminal: Terminal,
    readonly json: boolean,
  ) {}

  /** Runs one part, timed. An assertion that does not hold ends it and the demonstration. */
  async part(title: string, tell: () => Promise<void>): Promise<void> {
    const { bold, dim } = this.terminal.colours;
    this.asserted = [];
    const begun = Date.now();
    this.line();
    this.line(bold(`${this.parts.length + 1}. ${title}`));
    let ok = false;
    try {
      await tell();
      ok = true;
    } finally {
      const seconds = Math.round((Date.now() - begun) / 100) / 10;
      this.parts.push({ name: title, ok, seconds, asserted: this.asserted });
      if (ok) this.line(dim(`   ${seconds.toFixed(1)} s`));
    }
  }

  say(text: string): void {
    this.line(`   ${text}`);
  }

  /** States what holds, or ends the demonstration. `found` says what was there instead. */
  assert(holds: boolean, statement: string, found = ''): void {
    const { green, red } = this.terminal.colours;
    if (!holds) {
      this.line(`   ${red('✗')} ${statement}`);
      throw new Complaint(`it is not so that ${statement}${found === '' ? '' : `: ${found}`}`, {
        code: 'DEMO_FAILED',
        help: 'this is a defect: nothing of the demonstration is staged',
      });
    }
    this.asserted.push(statement);
    this.line(`   ${green('✓')} ${statement}`);
  }

  line(text = ''): void {
    if (!this.json) this.terminal.line(text);
  }
}
