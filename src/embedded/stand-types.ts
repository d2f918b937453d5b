/**
 * The shapes that others see of a stand: one real Temporal server and one real Postgres on this machine.
 * Adapter ring; types only.
 */

/** A record shaped as `process.env`. Only the entries read the environment; they pass it in. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Places {
  /** The ignored project folder; default `.backstep` beside the nearest `package.json` above the working folder. */
  readonly dir?: string;
  readonly env: Environment;
  /** One line for a person, whenever a step that may take longer than a moment begins. */
  readonly onProgress?: (line: string) => void;
}

/**
 * What a stand's data survives. `process`: the death of every process, not of the machine. `machine`: both, at about half
 * the speed (`docs/embedded.md` has the figures).
 */
export type Durability = 'process' | 'machine';

export interface OpenStandOptions extends Places {
  /** Which of the project's stands; lower-case letters, digits and `-`; default `default`. */
  readonly name?: string;
  /** Deletes the stand's data before it starts. Refused with `STAND_IN_USE` while another process runs it. */
  readonly fresh?: boolean;
  /** Serves Temporal's own UI as well; default false. */
  readonly ui?: boolean;
  /** Default `process`. */
  readonly durability?: Durability;
  /** Ports to try first; others are taken where these are not free. Default: those of the last start. */
  readonly ports?: Partial<StandPorts>;
  /** Aborting stops what was started so far and rejects with `STAND_INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

export interface StandPorts {
  readonly temporal: number;
  readonly ui: number;
  readonly postgres: number;
}

export interface TemporalServer {
  /** `127.0.0.1:<port>`; stays the same through `restart`. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl?: string;
  /** Of the running server; `undefined` while it is down. */
  readonly pid: number | undefined;
  /** Stops it if it is up, and starts it again on the same port and data. Owners only. */
  restart(): Promise<void>;
  /** Sends the signal and waits until the process is gone; `restart` brings it back. Owners only. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface PostgresServer {
  /** With user, password and database; stays the same through `stop` and `start`. */
  readonly url: string;
  /** Whether it comes from `DATABASE_URL`; then it has no pid and can't be stopped here. */
  readonly external: boolean;
  readonly pid: number | undefined;
  /** Stops it in order: open transactions are rolled back, clients disconnected. Owners only. */
  stop(): Promise<void>;
  /** Owners only. Does nothing while it runs. */
  start(): Promise<void>;
}

export interface Stand {
  readonly name: string;
  /** `<dir>/data/<name>`. */
  readonly dataDir: string;
  /** Whether this process started the servers. A joined stand is somebody else's, and closing it stops nothing. */
  readonly owned: boolean;
  readonly temporal: TemporalServer;
  readonly postgres: PostgresServer;
  /** Stops the servers in order and releases the stand. Closing twice does nothing. */
  close(): Promise<void>;
}

/** Where a program was found. */
export type BinarySource = 'environment' | 'PATH' | 'cache' | 'wheel' | 'download' | 'npm package';

export interface FoundBinary {
  readonly path: string;
  readonly source: BinarySource;
  /** As the program states it; `unknown` where it states none. */
  readonly version: string;
}

/** The namespace that every stand serves; Temporal's dev server always has it. */
export const STAND_NAMESPACE = 'default';

/** Search attributes of outcomes, all Keyword. @source DESIGN §5 */
export const SEARCH_ATTRIBUTES = [
  'BackstepTenant',
  'BackstepOutcome',
  'BackstepRunbook',
  'BackstepDomain',
  'BackstepEntity',
  'BackstepPhase',
  'BackstepCorrelation',
] as const;
