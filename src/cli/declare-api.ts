/**
 * The commands of the API: api, token.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { action, asOption, collectText, common, wholeNumber, type Declaring } from './declare';

export function declareApi(declaring: Declaring): void {
  const { program, context } = declaring;
  program.commandsGroup('Serve:');
  const api = common(
    program
      .command('api')
      .summary('the REST API, until Ctrl-C')
      .description(
        `Serves the REST API against the running stand or the servers that TEMPORAL_ADDRESS and DATABASE_URL
name. Callers bring a token of the issuer that BACKSTEP_OIDC_ISSUER names; on a stand of this machine
\`backstep token\` prints one. /openapi.json describes every route.`,
      ),
    context,
    [
      'backstep api',
      'backstep api --port 8788',
      'curl -H "Authorization: Bearer $(backstep token)" localhost:8787/v1/outcomes',
    ],
  )
    .addOption(new Option('--host <address>', 'address to listen on').default('127.0.0.1'))
    .addOption(
      new Option('--port <n>', 'port to listen on; 0 takes a free one')
        .argParser(wholeNumber(0, 65_535))
        .default(8787),
    );
  action(api, declaring, async () => (await import('./commands/api.js')).api);

  const token = common(
    program
      .command('token')
      .summary('a token for the API of a stand on this machine')
      .description(
        `Prints a bearer token, signed with the key of the stand on this machine. An API that is configured with
an issuer of its own does not take it.`,
      ),
    context,
    [
      'backstep token --as person:mary.major --roles approver',
      'backstep token --roles operator,auditor --json',
      'backstep token --as service:workday --roles source',
    ],
  )
    .addOption(asOption(context))
    .addOption(
      new Option(
        '--roles <roles>',
        'author, operator, approver, auditor, admin, source, by commas; default operator',
      ).argParser(collectText),
    )
    .addOption(
      new Option('--minutes <n>', 'how long it is valid').argParser(wholeNumber(1, 720)).default(60),
    );
  action(token, declaring, async () => (await import('./commands/api.js')).token);
}
