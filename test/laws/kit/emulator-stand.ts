/**
 * The laws' worlds in `emulate`, an Okta and a Slack that others wrote: one process, people of its own for each world. State
 * comes from its REST API, called directly. It keeps no count of writes and tells no accounts apart.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../src/dsl/effect';
import type { Json, JsonObject } from '../../../src/kernel/json';
import { httpWrites, openCutter } from './proxy';
import type { LawStand, LawWorld } from './world';

const TOKEN = 'emulate_token';
const START_MS = 45_000;
/** Slack's people can't be made by its API, so there are as many as worlds can be asked for. */
const PEOPLE = 400;
const GROUPS = ['vpn', 'github', 'figma'];
const CHANNELS = ['general', 'engineering', 'contractors'];

export interface EmulatorWorld extends LawWorld {
  /** Address of this world's person, who is in Slack and not in Okta. */
  readonly email: string;
  readonly name: string;
  readonly okta: (method: string, path: string, body?: JsonObject) => Promise<Json>;
  readonly slack: (method: string, body: Readonly<Record<string, string>>) => Promise<JsonObject>;
  readonly groupId: (name: string) => Promise<string>;
  readonly channelId: (name: string) => Promise<string>;
  readonly memberId: () => Promise<string>;
}

type System = 'okta' | 'slack';

export async function openEmulatorStand(): Promise<(system: System) => LawStand<EmulatorWorld>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'backstep-emulate-'));
  writeFileSync(path.join(folder, 'seed.json'), JSON.stringify(seed()));
  const port = await freePort();
  const script = path.join(__dirname, '../../../node_modules/emulate/dist/index.js');
  const child = spawn(
    process.execPath,
    [script, '--port', String(port), '--service', 'slack,okta', '--seed', path.join(folder, 'seed.json')],
    { stdio: 'ignore', cwd: folder },
  );
  const urls = { slack: `http://127.0.0.1:${port}`, okta: `http://127.0.0.1:${port + 1}` };
  await Promise.all(Object.values(urls).map((url) => untilUp(url)));
  let made = 0;
  let closed: Promise<void> | undefined;
  return (system) => ({
    evidence: 'emulator',
    server: 'emulate 0.11.2',
    world: async () => {
      made += 1;
      return worldOf(made, system, urls);
    },
    close: () =>
      (closed ??= new Promise<void>((resolve) => {
        child.once('exit', () => {
          rmSync(folder, { recursive: true, force: true });
          resolve();
        });
        child.kill('SIGKILL');
      })),
  });
}

async function worldOf(
  n: number,
  system: System,
  urls: Readonly<Record<System, string>>,
): Promise<EmulatorWorld> {
  if (n > PEOPLE) throw new Error(`the emulator has people for ${PEOPLE} worlds only`);
  const cutter = await openCutter(Number(new URL(urls[system]).port), httpWrites);
  const email = emailOf(n);
  const base = `http://127.0.0.1:${cutter.port}`;
  const connection: Connection = {
    baseUrl: system === 'okta' ? base : `${base}/api/`,
    secrets: { token: TOKEN },
    // The emulator keeps a fixed set of attributes; this one is free.
    settings: { markAttribute: 'timeZone' },
  };
  const okta = async (method: string, at: string, body?: JsonObject): Promise<Json> => {
    const response = await fetch(`${urls.okta}/api/v1${at}`, {
      method,
      headers: { authorization: `SSWS ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? null : (JSON.parse(text) as Json);
  };
  const slack = async (method: string, body: Readonly<Record<string, string>>): Promise<JsonObject> => {
    const response = await fetch(`${urls.slack}/api/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(body).toString(),
    });
    return (await response.json()) as JsonObject;
  };
  const channels = async (): Promise<{ id: string; name: string }[]> =>
    (await slack('conversations.list', {}))['channels'] as never;
  const world: EmulatorWorld = {
    tenant: `law${n}`,
    email,
    name: nameOf(n),
    okta,
    slack,
    groupId: async (name) => {
      const groups = (await okta('GET', '/groups')) as unknown as {
        id: string;
        profile: { name: string };
      }[];
      return groups.find(({ profile }) => profile.name === name)!.id;
    },
    channelId: async (name) => (await channels()).find((channel) => channel.name === name)!.id,
    memberId: async () => ((await slack('users.lookupByEmail', { email }))['user'] as { id: string }).id,
    connection: (as) => (as === 'us' ? connection : undefined),
    state: async () =>
      system === 'okta' ? oktaState(okta, email) : { channels: await inChannels(slack, world, channels) },
    writes: () => Promise.resolve(undefined),
    arm: (fault, _side, { n: which }) => {
      cutter.cut(fault === 'cutBefore' ? 'before' : 'after', which);
      return Promise.resolve();
    },
    disarm: () => {
      cutter.stop();
      return Promise.resolve();
    },
    close: () => cutter.close(),
  };
  return world;
}

/** An identity that still stands and its groups. A deactivated one is the residue of an undo. */
async function oktaState(okta: EmulatorWorld['okta'], email: string): Promise<Json> {
  const user = (await okta('GET', `/users/${email}`)) as {
    id?: string;
    status?: string;
    profile?: JsonObject;
  } | null;
  if (user?.id === undefined || user.status === 'DEPROVISIONED') return { user: null, groups: [] };
  const groups = (await okta('GET', `/users/${email}/groups`)) as unknown as {
    profile: { name: string };
  }[];
  const { firstName = null, lastName = null } = user.profile ?? {};
  return {
    user: { status: user.status ?? null, firstName, lastName },
    groups: groups.map(({ profile }) => profile.name).sort(),
  };
}

async function inChannels(
  slack: EmulatorWorld['slack'],
  world: EmulatorWorld,
  channels: () => Promise<{ id: string; name: string }[]>,
): Promise<string[]> {
  const id = await world.memberId();
  const found: string[] = [];
  for (const channel of await channels()) {
    const { members } = await slack('conversations.members', { channel: channel.id });
    if ((members as readonly string[]).includes(id)) found.push(channel.name);
  }
  return found.sort();
}

const emailOf = (n: number): string => `law.${n}@acme.example`;
const nameOf = (n: number): string => `Law Number${n}`;

function seed(): JsonObject {
  const people = Array.from({ length: PEOPLE }, (_, index) => ({
    name: `law.${index + 1}`,
    real_name: nameOf(index + 1),
    email: emailOf(index + 1),
  }));
  return {
    tokens: { [TOKEN]: { login: 'backstep', scopes: [] } },
    slack: {
      team: { name: 'Acme', domain: 'acme' },
      users: [{ name: 'backstep', real_name: 'Backstep', email: 'backstep@acme.example' }, ...people],
      channels: CHANNELS.map((name) => ({ name })),
    },
    okta: {
      users: [
        { login: 'admin@acme.example', email: 'admin@acme.example', first_name: 'Ad', last_name: 'Min' },
      ],
      groups: GROUPS.map((name) => ({ name, description: name })),
    },
  };
}

async function untilUp(url: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch {
      if (Date.now() > deadline) throw new Error('the emulator did not come up');
      await sleep(100);
    }
  }
}

/** Two ports in a row are needed; the second is taken for granted, for nothing else here asks for it. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
