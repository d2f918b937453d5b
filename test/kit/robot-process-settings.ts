/** What a process of toy robots is told. */
export interface RobotProcessSettings {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  /** File that holds the bundle. */
  readonly bundle: string;
}
