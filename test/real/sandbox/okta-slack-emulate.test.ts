/** The battery again, against a server that others wrote. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeOktaAndSlack } from './okta-slack-battery';

const SEED = `
tokens:
  emulate_token: { login: backstep, scopes: [] }
slack:
  team: { name: Acme, domain: acme }
  users:
    - { name: backstep, real_name: Backstep, email: backstep@acme.example }
    - { name: sarah.chen, real_name: Sarah Chen, email: sarah.chen@acme.example }
  channels: [{ name: general }, { name: engineering }, { name: contractors }]
okta:
  users: [{ login: admin@acme.example, email: admin@acme.example, first_name: Ad, last_name: Min }]
  groups: [{ name: contractors, description: Contractors }]
`;

/** How long the emulator may take to come up on a loaded machine. */
const START_TIMEOUT_MS = 45_000;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

let emulator: ChildProcess | undefined;
let folder = '';
let base = 0;

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'backstep-emulate-'));
  writeFileSync(join(folder, 'seed.yaml'), SEED);
  base = await freePort();
  const script = join(__dirname, '../../../node_modules/emulate/dist/index.js');
  emulator = spawn(
    process.execPath,
    [script, '--port', String(base), '--service', 'slack,okta', '--seed', join(folder, 'seed.yaml')],
    { stdio: 'ignore', cwd: folder },
  );
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!((await isUp(`http://127.0.0.1:${base}/`)) && (await isUp(`http://127.0.0.1:${base + 1}/`)))) {
    if (Date.now() > deadline) throw new Error('the emulator did not come up');
    await sleep(100);
  }
}, 60_000);

afterAll(() => {
  emulator?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describeOktaAndSlack('emulate', () => ({
  orgUrl: `http://127.0.0.1:${base + 1}`,
  oktaToken: 'emulate_token',
  slackApiUrl: `http://127.0.0.1:${base}/api/`,
  slackToken: 'emulate_token',
  domain: 'acme.example',
  slackEmail: 'sarah.chen@acme.example',
  channel: 'engineering',
  group: 'contractors',
}));
