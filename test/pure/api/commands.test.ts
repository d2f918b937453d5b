/** Everything that the command line can do the API can: each command has a route, or a reason why it has none. */
import type { Command } from 'commander';
import { tableOf } from '../../../src/api/routes';
import { readSettings } from '../../../src/app/settings';
import { buildProgram } from '../../../src/cli/program';
import type { Terminal } from '../../../src/cli/terminal';

/** Paths that do what a command does. */
const ROUTES: Readonly<Record<string, readonly string[]>> = {
  run: ['POST /v1/outcomes', 'POST /v1/proposals'],
  emit: ['POST /v1/events'],
  trace: ['GET /v1/outcomes/{id}/trace'],
  approve: ['POST /v1/tasks/{id}/decision'],
  reject: ['POST /v1/tasks/{id}/decision'],
  pause: ['POST /v1/outcomes/{id}/pause', 'POST /v1/scopes/{kind}/{name}/pause'],
  resume: ['POST /v1/outcomes/{id}/resume', 'POST /v1/scopes/{kind}/{name}/resume'],
  backstep: ['POST /v1/outcomes/{id}/backstep'],
  resolve: ['POST /v1/outcomes/{id}/resolve'],
  dial: ['PUT /v1/automations/{id}/dial'],
  kill: ['POST /v1/automations/{id}/kill'],
  explain: ['GET /v1/actions/{id}'],
  'replay rehearse': ['POST /v1/outcomes/{id}/rehearsal'],
  'replay review': ['GET /v1/actions/{id}/review'],
  'replay fork': ['POST /v1/outcomes/{id}/fork'],
  guardrails: ['GET /v1/guardrails', 'PUT /v1/guardrails/{id}'],
  trust: ['GET /v1/trust'],
  decide: ['POST /v1/decisions'],
  compile: ['POST /v1/plans'],
  catalog: ['GET /v1/catalog'],
  'config explain': ['GET /v1/config/{key}'],
  'config check': ['GET /v1/config'],
  'entity get': ['GET /v1/entities', 'GET /v1/entities/{id}'],
  'entity upsert': ['PUT /v1/entities/{id}'],
  inbox: ['GET /v1/tasks', 'GET /v1/tasks/{id}'],
  claim: ['POST /v1/tasks/{id}/claim'],
  unclaim: ['POST /v1/tasks/{id}/unclaim'],
  complete: ['POST /v1/tasks/{id}/complete'],
  override: ['POST /v1/outcomes/{id}/override'],
  attest: ['POST /v1/outcomes/{id}/attest'],
  delegate: ['PUT /v1/delegations/{to}'],
  absent: ['PUT /v1/absences/{person}'],
  review: ['GET /v1/reviews', 'POST /v1/reviews/{id}'],
  calendar: ['PUT /v1/calendars/{id}'],
  passive: ['PUT /v1/passive/{node}'],
  'log list': ['GET /v1/policy-log'],
  'log export': ['POST /v1/exports'],
  report: ['GET /v1/reports/{kind}', 'GET /v1/reports'],
};

/** Commands that are about this machine, or work on files of it. */
const REASONS: Readonly<Record<string, string>> = {
  demo: 'brings up a stand of its own on this machine',
  up: 'runs servers on this machine',
  worker: 'runs robots on this machine',
  api: 'is the API',
  token: 'signs with the key of this machine; an API does not hand out tokens',
  doctor: 'looks at this machine; `/readyz` tells of the servers',
  completion: 'is for a shell',
  'log verify': 'is done by whoever does not trust the server, from what `POST /v1/exports` gives',
  'log rebuild': 'is maintenance of the servers, by whoever has them',
  'log erase': 'destroys a key for good: done by whoever has the servers, who can be asked for it in person',
  'keys list': 'is about the keys of the servers, by whoever has them',
  'keys rotate': 'is about the keys of the servers, by whoever has them',
  'keys revoke': 'is about the keys of the servers: whoever holds a token must not take the signing key away',
  verify: 'walks all configurations for seconds to minutes: a step of a build, and no request',
  'replay verify':
    'loads the workflow sandbox: a step of a build, and no request; `/history` gives what it reads',
  simulate: 'works on a plan that `POST /v1/plans` gives, without any server',
};

function commandsOf(command: Command, path: readonly string[] = []): readonly string[] {
  return command.commands.flatMap((one) => {
    const at = [...path, one.name()];
    return one.commands.length > 0 ? commandsOf(one, at) : one.name() === 'help' ? [] : [at.join(' ')];
  });
}

const context = {
  settings: readSettings({}),
  terminal: Object.create(null) as Terminal,
  signal: () => new AbortController().signal,
};
const commands = commandsOf(buildProgram(context, () => undefined));
const routes = tableOf({ isStopping: () => false, document: () => ({}) }).map(
  ({ method, path }) => `${method} ${path}`,
);

test('every command has a route or a reason, and not both', () => {
  const told = [...Object.keys(ROUTES), ...Object.keys(REASONS)];
  expect(commands.filter((command) => !told.includes(command))).toEqual([]);
  expect(Object.keys(ROUTES).filter((command) => command in REASONS)).toEqual([]);
});

test('every route that is named is served', () => {
  expect(
    Object.values(ROUTES)
      .flat()
      .filter((route) => !routes.includes(route)),
  ).toEqual([]);
});
