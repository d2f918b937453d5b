/** What a process of toy robots is told. */
export interface RobotProcessSettings {
  readonly address: string;
  readonly namespace: string;
  readonly databaseUrl: string;
  /** File that holds the bundle. */
  readonly bundle: string;
  /** PEM of the key that heads are signed with; with it a projector runs beside the robots. */
  readonly logKey?: string;
}
