/**
 * What a command writes with: results on standard output, everything for the person at the terminal on standard error,
 * colours only where somebody can see them, progress for whatever takes longer than a second.
 * Entry ring; decides nothing about what is said.
 */
import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

/** The part of a stream that is written to. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly out: Sink;
  readonly err: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Nothing is said of a step that is done before, in milliseconds. */
const PROGRESS_AFTER_MS = 1_000;
const SPINNER_MS = 100;
/** Where there is no spinner, a step that goes on is told of again, in milliseconds. */
const STILL_MS = 15_000;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export class Terminal {
  /** For standard output. */
  readonly colours: Colours;
  /** For standard error. */
  readonly errColours: Colours;
  private spinner: { text: string; frame: number; timer: NodeJS.Timeout; since: number } | undefined;

  constructor(private readonly options: TerminalOptions) {
    this.colours = createColors(wantsColour(options.out, options.env));
    this.errColours = createColors(wantsColour(options.err, options.env));
  }

  /** Whether a person reads standard output as it comes. */
  get isInteractive(): boolean {
    return this.options.out.isTTY === true;
  }

  /** A line of the result. */
  line(text = ''): void {
    this.clearSpinner();
    this.options.out.write(`${text}\n`);
  }

  /** The result of a command with `--json`: one value on one line. */
  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** Bytes of the result as they are. */
  raw(text: string): void {
    this.clearSpinner();
    this.options.out.write(text);
  }

  /** A line beside the result, for the person who waits. */
  note(text = ''): void {
    this.clearSpinner();
    this.options.err.write(`${text}\n`);
  }

  /** Runs a step, and says that it goes on once it has taken longer than a second. */
  async during<T>(text: string, step: (say: (text: string) => void) => Promise<T>): Promise<T> {
    const say = this.options.err.isTTY === true ? this.spin(text) : this.tell(text);
    try {
      return await step(say.change);
    } finally {
      say.stop();
    }
  }

  private spin(text: string): Progress {
    const since = Date.now();
    const timer = setInterval(() => this.drawSpinner(), SPINNER_MS);
    this.spinner = { text, frame: 0, timer, since };
    return {
      change: (next) => {
        if (this.spinner !== undefined) this.spinner.text = next;
      },
      stop: () => {
        clearInterval(timer);
        this.clearSpinner();
        this.spinner = undefined;
      },
    };
  }

  private drawSpinner(): void {
    const { spinner } = this;
    if (spinner === undefined || Date.now() - spinner.since < PROGRESS_AFTER_MS) return;
    spinner.frame = (spinner.frame + 1) % FRAMES.length;
    // A terminal that does not know its width says 0.
    const width = (this.options.err.columns || 80) - 4;
    this.options.err.write(
      `\r\u001b[K${this.errColours.cyan(FRAMES[spinner.frame] ?? '')} ${spinner.text.slice(0, width)}`,
    );
  }

  private clearSpinner(): void {
    if (this.spinner !== undefined && Date.now() - this.spinner.since >= PROGRESS_AFTER_MS) {
      this.options.err.write('\r\u001b[K');
    }
  }

  /** Plain lines, where there is no terminal to draw on. */
  private tell(text: string): Progress {
    let current = text;
    let told = '';
    const say = (): void => {
      this.options.err.write(`${current === told ? `still: ${current}` : current}\n`);
      told = current;
    };
    let still: NodeJS.Timeout | undefined;
    const first = setTimeout(() => {
      say();
      still = setInterval(say, STILL_MS);
    }, PROGRESS_AFTER_MS);
    return {
      change: (next) => {
        const wasTold = told !== '';
        current = next;
        if (wasTold && next !== told) say();
      },
      stop: () => {
        clearTimeout(first);
        clearInterval(still);
      },
    };
  }
}

interface Progress {
  readonly change: (text: string) => void;
  readonly stop: () => void;
}

/** @source no-color.org; `FORCE_COLOR` as Node reads it */
function wantsColour(sink: Sink, env: TerminalOptions['env']): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return sink.isTTY === true && env['TERM'] !== 'dumb';
}
