/** Every mistake in configuration files: its code, the line it stands on, and how to mend it. */
import fc from 'fast-check';
import { compileBundle } from '../../../src/config/compile-bundle';
import { resolveConnection } from '../../../src/config/connections';
import { CONFIG_LIMITS } from '../../../src/config/limits';
import type { ConfigFile } from '../../../src/config/yaml-file';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import { bundleOf, CATALOG, compile, digest, file, mistakesOf, tenantFile } from './fixtures';

const printed = (...files: ConfigFile[]): string[] => mistakesOf(...files).map(printDiagnostic);
const team = (body: string, name = 'a') =>
  file(`acme/layers/${name}.yaml`, `scope: { team: design }\n${body}`);
const automation = (body: string) =>
  file(
    'acme/automations/a.yaml',
    `id: a\nevents: [hr.hired]\nentity: person:{data.email|localpart}\n${body}`,
  );

describe('files', () => {
  test('CONFIG_YAML: a text that is no YAML, and a key that stands twice', () => {
    expect(printed(team('values: { lane: auto\n'))).toEqual([
      expect.stringMatching(/^CONFIG_YAML config\/acme\/layers\/a.yaml:3: /),
    ]);
    expect(printed(team('values:\n  lane: auto\n  lane: local\n'))).toEqual([
      'CONFIG_YAML config/acme/layers/a.yaml:4: map keys must be unique',
    ]);
  });

  test.each([
    ['brackets', `params: ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['brackets that never close', `params: ${'{a: ['.repeat(5_000)}`],
    ['dashes', `params:\n  ${'- '.repeat(5_000)}x`],
    ['lines', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('CONFIG_YAML: a tower of %s does not end the process', (_, text) => {
    expect(mistakesOf(team(text))).toMatchObject([
      { code: 'CONFIG_YAML', message: 'it is nested more than 64 deep' },
    ]);
  });

  test('CONFIG_YAML: what has no JSON is told with its line, and an alias of itself is none', () => {
    const told = (text: string) => mistakesOf(team(text)).map(printDiagnostic);
    const what = 'holds half of a surrogate pair, or a number that JSON has not';
    expect(told('values:\n  params:\n    a: ["\\ud800"]')).toEqual([
      `CONFIG_YAML config/acme/layers/a.yaml:4: \`values.params.a.0\` ${what}`,
    ]);
    expect(told('values:\n  b: -.inf')).toEqual([
      `CONFIG_YAML config/acme/layers/a.yaml:3: \`values.b\` ${what}`,
    ]);
    expect(told('values: &v\n  a: *v')).toEqual([
      'CONFIG_YAML config/acme/layers/a.yaml:1: an alias stands inside of what it names',
    ]);
  });

  test('CONFIG_YAML: aliases that multiply out are refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcdefgh'[i]!}`).join(',')}]`),
    ];
    expect(mistakesOf(team(bomb.join('\n')))).toMatchObject([{ code: 'CONFIG_YAML' }]);
  });

  test('CONFIG_TOO_LARGE: a file, the number of files, the number of automations', () => {
    expect(mistakesOf(team(`# ${'x'.repeat(CONFIG_LIMITS.fileLength)}`))).toMatchObject([
      { code: 'CONFIG_TOO_LARGE' },
    ]);
    const many = Array.from({ length: CONFIG_LIMITS.files }, (_, i) => file(`other/layers/${i}.yaml`, ''));
    expect(mistakesOf(tenantFile(), ...many)).toMatchObject([{ code: 'CONFIG_TOO_LARGE', at: 'config' }]);
    const automations = Array.from({ length: CONFIG_LIMITS.automations + 1 }, (_, i) =>
      file(
        `acme/automations/${i}.yaml`,
        `id: a${i}\nevents: [e${i}]\nentity: person:x\noutcome: EMP-R-001\n`,
      ),
    );
    expect(mistakesOf(...automations)).toMatchObject([{ code: 'CONFIG_TOO_LARGE' }]);
  });

  test.each([
    ['acme/tennant.yaml', 'did you mean `tenant.yaml`?'],
    ['acme/layer/a.yaml', 'did you mean `layers`?'],
    ['tiers/enterprize.yaml', 'did you mean `enterprise.yaml`?'],
    ['globall.yaml', 'did you mean `global.yaml`?'],
    ['acme/layers/a.yml', 'rename it'],
  ])('CONFIG_FILE_UNKNOWN: nothing reads %s', (path, help) => {
    expect(mistakesOf(file(path, ''))).toMatchObject([
      { code: 'CONFIG_FILE_UNKNOWN', at: `config/${path}`, help },
    ]);
  });

  test('files of other tenants are left alone, whatever is wrong with them', () => {
    expect(compile(file('globex/tenant.yaml', '{'), file('globex/oops.yaml', '')).ok).toBe(true);
  });

  test('CONFIG_FILE_MISSING: a tenant without tenant.yaml', () => {
    const input = { tenant: 'acme', catalog: CATALOG, digest };
    expect(
      compileBundle({ ...input, files: [file('acmee/tenant.yaml', 'name: A\ntier: pro\n')] }),
    ).toMatchObject({
      ok: false,
      error: [{ code: 'CONFIG_FILE_MISSING', at: 'config/acme/tenant.yaml', help: 'did you mean `acmee`?' }],
    });
  });

  test('CONFIG_FIELD_UNKNOWN: a field that the file does not have', () => {
    expect(printed(team('vlaues: { lane: auto }\n'))).toEqual([
      'CONFIG_FIELD_UNKNOWN config/acme/layers/a.yaml:2: `vlaues` is not known here (did you mean `values`?)',
    ]);
  });
});

describe('keys and values', () => {
  test('CONFIG_KEY_UNKNOWN: each family says what was meant', () => {
    const keys = [
      ['laen: auto', 'did you mean `lane`?'],
      ['awf.okta.asign_groups.lane: auto', 'did you mean `okta.assign_groups`?'],
      ['awf.okta.assign_groups.timeuot: 1s', 'did you mean `timeout`?'],
      ['params.onboard.contractr.device: mac', 'did you mean `onboard.contractor`?'],
      ['params.onboard.contractor.devcie: mac', 'did you mean `device`?'],
      ['node.onboard.contractor/identty.lane: auto', 'did you mean `identity`?'],
      ['node.onbord.contractor/identity.lane: auto', 'did you mean `onboard.contractor`?'],
      ['node.identity.lane: auto', 'write `node.<runbook>/<node>.lane`'],
      ['figures.retry.transient.maxRetrys: 1', 'did you mean `retry.transient.maxRetries`?'],
    ];
    expect(mistakesOf(team(`values:\n${keys.map(([key]) => `  ${key!}\n`).join('')}`))).toEqual(
      keys.map(([, help], i) => ({
        code: 'CONFIG_KEY_UNKNOWN',
        at: `config/acme/layers/a.yaml:${i + 3}`,
        message: expect.stringMatching(/^`.*` (is no|names no) /) as string,
        help,
      })),
    );
    expect(mistakesOf(team('locked: [laen]\ntightenOnly: [nothing.*]\n'))).toMatchObject([
      { code: 'CONFIG_KEY_UNKNOWN', at: 'config/acme/layers/a.yaml:2' },
      { code: 'CONFIG_KEY_UNKNOWN', at: 'config/acme/layers/a.yaml:3' },
    ]);
  });

  test('CONFIG_TYPE: a value of another type, a word that does not exist, a malformed duration', () => {
    expect(
      printed(
        team(
          'values:\n  lane: lokal\n  undoWindow: 3 days\n  limits.concurrent: many\n  autopilot.actions: okta.assign_groups\n' +
            '  params.onboard.contractor.groups: [a, 7]\n  figures.retry.transient.maxRetries: three\n',
        ),
      ),
    ).toEqual([
      'CONFIG_TYPE config/acme/layers/a.yaml:3: `lane`: `lokal` is none of `auto`, `local`, `remote` (did you mean `local`?)',
      'CONFIG_TYPE config/acme/layers/a.yaml:4: `undoWindow`: `3 days` is not a duration: write numbers with units, such as `90s`, `1h30m` or `2d`',
      'CONFIG_TYPE config/acme/layers/a.yaml:5: `limits.concurrent`: is the text `many`, and a number is expected',
      'CONFIG_TYPE config/acme/layers/a.yaml:6: `autopilot.actions`: is the text `okta.assign_groups`, and a list is expected',
      'CONFIG_TYPE config/acme/layers/a.yaml:7: `params.onboard.contractor.groups › 1`: is `7`, and a text is expected',
      expect.stringMatching(
        /^CONFIG_TYPE config\/acme\/layers\/a.yaml:8: `figures.retry.transient.maxRetries`: must be a finite number/,
      ),
    ]);
  });

  test('CONFIG_OUT_OF_BOUNDS: a value of the right type beyond its bounds', () => {
    expect(
      printed(
        team(
          'values:\n  gate.review.expiresAfter: 30s\n  limits.concurrent: -1\n  params.onboard.contractor.seats: 12\n',
        ),
      ),
    ).toEqual([
      'CONFIG_OUT_OF_BOUNDS config/acme/layers/a.yaml:3: `gate.review.expiresAfter`: 30s is not between 1m and 400d',
      'CONFIG_OUT_OF_BOUNDS config/acme/layers/a.yaml:4: `limits.concurrent`: must be at least 0',
      'CONFIG_OUT_OF_BOUNDS config/acme/layers/a.yaml:5: `params.onboard.contractor.seats`: must be at most 9',
    ]);
  });

  test('CONFIG_NAME_UNKNOWN: a team, an AWF, a system, an outcome that does not exist', () => {
    expect(
      printed(
        file('acme/layers/t.yaml', 'scope: { team: desing }\n'),
        team('values:\n  autopilot.actions:\n    - okta.assign_groups\n    - okta.asign_groups\n', 'u'),
        file('acme/connections.yaml', 'systems:\n  oktaa: { baseUrl: https://x.example }\n'),
        automation('outcome: EMP-R-010\n'),
      ),
    ).toEqual([
      'CONFIG_NAME_UNKNOWN config/acme/automations/a.yaml:4: `EMP-R-010` is no outcome (did you mean `EMP-R-001`?)',
      'CONFIG_NAME_UNKNOWN config/acme/connections.yaml:2: `oktaa` is no system (did you mean `okta`?)',
      'CONFIG_NAME_UNKNOWN config/acme/layers/t.yaml:1: `desing` is no team (did you mean `design`?)',
      'CONFIG_NAME_UNKNOWN config/acme/layers/u.yaml:5: `okta.asign_groups` is no AWF (did you mean `okta.assign_groups`?)',
    ]);
  });

  test('CONFIG_SCOPE: a scope of no layer, or of two', () => {
    expect(
      printed(
        file('acme/layers/a.yaml', 'scope: {}\n'),
        file('acme/layers/b.yaml', 'scope: { team: design, region: emea }\n'),
      ),
    ).toEqual([
      'CONFIG_SCOPE config/acme/layers/a.yaml:1: a scope has exactly one of region, domain, runbook, team, class, and this one has 0 (write one file per scope)',
      'CONFIG_SCOPE config/acme/layers/b.yaml:1: a scope has exactly one of region, domain, runbook, team, class, and this one has 2 (write one file per scope)',
    ]);
  });

  test('CONFIG_DUPLICATE: two files of one scope set one key, and the second by path is told, whichever was read first', () => {
    const files = [team('values: { lane: auto }\n', 'a'), team('values:\n  lane: local\n', 'b')];
    const expected = [
      'CONFIG_DUPLICATE config/acme/layers/b.yaml:3: `lane` is set twice for team `design`, first at config/acme/layers/a.yaml:2 (keep one of the two)',
    ];
    expect(printed(...files)).toEqual(expected);
    expect(printed(...files.toReversed())).toEqual(expected);
    expect(compile(team('values: { lane: auto }\n', 'a'), team('values: { undoWindow: 1d }\n', 'b')).ok).toBe(
      true,
    );
  });

  test('CONFIG_UNREACHABLE: a parameter set where its runbook never is', () => {
    expect(
      printed(
        file(
          'acme/layers/a.yaml',
          'scope: { runbook: renew.licence }\nvalues:\n  params.onboard.contractor.device: mac\n',
        ),
        file(
          'acme/layers/b.yaml',
          'scope: { domain: it }\nvalues:\n  node.onboard.contractor/groups.lane: local\n',
        ),
      ).map((text) => text.split(' ').slice(0, 2)),
    ).toEqual([
      ['CONFIG_UNREACHABLE', 'config/acme/layers/a.yaml:3:'],
      ['CONFIG_UNREACHABLE', 'config/acme/layers/b.yaml:3:'],
    ]);
  });
});

describe('laws between layers', () => {
  test('CONFIG_LOCKED: no more specific layer sets a locked key, and a less specific one may', () => {
    expect(
      printed(
        tenantFile('locked: [lane]\n'),
        file('global.yaml', 'values: { lane: remote }\n'),
        team('values: { lane: local }\n'),
      ),
    ).toEqual([
      'CONFIG_LOCKED config/acme/layers/a.yaml:2: `lane` is locked by tenant `acme` at config/acme/tenant.yaml:6 (remove it here, or unlock it there)',
    ]);
    expect(compile(tenantFile('values: { lane: local }\nlocked: [lane]\n')).ok).toBe(true);
  });

  test('CONFIG_LOCKED: a lock of a whole family holds for each of its keys', () => {
    expect(
      mistakesOf(
        tenantFile('locked: ["params.onboard.contractor.*"]\n'),
        team('values: { params.onboard.contractor.device: mac, lane: auto }\n'),
      ),
    ).toMatchObject([{ code: 'CONFIG_LOCKED', message: expect.stringContaining('device') as string }]);
  });

  test('CONFIG_LOCKED and CONFIG_LOOSENED: an automation is bound like any layer', () => {
    expect(
      printed(
        tenantFile(
          'values: { limits.actionsPerHour: 5 }\nlocked: [dial.default, params.onboard.contractor.device]\ntightenOnly: [limits.actionsPerHour]\n',
        ),
        automation(
          'outcome: EMP-R-001\ndial: copilot\nlimits: { actionsPerHour: 6 }\nparams: { device: { value: mac } }\n',
        ),
      ),
    ).toEqual([
      'CONFIG_LOCKED config/acme/automations/a.yaml:5: `dial.default` is locked by tenant at config/acme/tenant.yaml:7 (remove it here, or unlock it there)',
      'CONFIG_LOOSENED config/acme/automations/a.yaml:6: `limits.actionsPerHour` is `6`, looser than `5` from tenant, and tenant lets it only be tightened (config/acme/tenant.yaml:8)',
      'CONFIG_LOCKED config/acme/automations/a.yaml:7: `params.onboard.contractor.device` is locked by tenant at config/acme/tenant.yaml:7 (remove it here, or unlock it there)',
    ]);
  });

  test('CONFIG_LOOSENED: durations, words and sets each have their tighter side', () => {
    expect(
      printed(
        tenantFile(
          'values:\n  gate.review.expiresAfter: 2d\n  ceiling: manual\n  autopilot.actions: [okta.assign_groups]\n' +
            'tightenOnly: [gate.review.expiresAfter, ceiling, autopilot.actions, figures.eligibility.copilot.confidenceFrom]\n',
        ),
        team(
          'values:\n  gate.review.expiresAfter: 60h\n  ceiling: copilot\n  autopilot.actions: [slack.invite_channels]\n' +
            '  figures.eligibility.copilot.confidenceFrom: 0.6\n',
        ),
      ).map((text) => text.replace(/, and tenant .*/, '')),
    ).toEqual([
      'CONFIG_LOOSENED config/acme/layers/a.yaml:3: `gate.review.expiresAfter` is `2d12h`, looser than `2d` from tenant `acme` at config/acme/tenant.yaml:7',
      'CONFIG_LOOSENED config/acme/layers/a.yaml:4: `ceiling` is `"copilot"`, looser than `"manual"` from tenant `acme` at config/acme/tenant.yaml:8',
      'CONFIG_LOOSENED config/acme/layers/a.yaml:5: `autopilot.actions` is `["slack.invite_channels"]`, looser than `["okta.assign_groups"]` from tenant `acme` at config/acme/tenant.yaml:9',
      'CONFIG_LOOSENED config/acme/layers/a.yaml:6: `figures.eligibility.copilot.confidenceFrom` is `0.6`, looser than `0.7` from the default',
    ]);
  });

  test('a mark binds only those behind it, and not across runbooks that never meet', () => {
    const mark = file(
      'acme/layers/d.yaml',
      'scope: { domain: it }\nvalues: { limits.concurrent: 1 }\ntightenOnly: [limits.concurrent]\nlocked: [lane]\n',
    );
    const free = file(
      'acme/layers/r.yaml',
      'scope: { runbook: onboard.contractor }\nvalues: { limits.concurrent: 9, lane: local }\n',
    );
    const bound = file(
      'acme/layers/s.yaml',
      'scope: { runbook: renew.licence }\nvalues: { limits.concurrent: 9, lane: local }\n',
    );
    expect(compile(tenantFile('values: { limits.concurrent: 50 }\n'), mark, free).ok).toBe(true);
    expect(mistakesOf(mark, bound).map(({ code }) => code)).toEqual(['CONFIG_LOCKED', 'CONFIG_LOOSENED']);
  });

  test('CONFIG_NOT_ORDERED: a key without a tighter side cannot be marked; in a family it is passed over', () => {
    expect(printed(team('tightenOnly: [lane]\n'))).toEqual([
      'CONFIG_NOT_ORDERED config/acme/layers/a.yaml:2: `lane`: neither direction of it is tighter (lock it instead)',
    ]);
    expect(compile(team('tightenOnly: ["awf.*"]\n')).ok).toBe(true);
  });

  test('FIGURES_INVALID: weights of one layer must still add up where they meet the others', () => {
    expect(mistakesOf(team('values:\n  figures.risk.weights.externality: 0.9\n'))).toMatchObject([
      {
        code: 'FIGURES_INVALID',
        at: 'config/acme/layers/a.yaml:3',
        message: expect.stringContaining('add up') as string,
      },
    ]);
    expect(
      compile(
        team('values:\n  figures.risk.weights.externality: 0.3\n  figures.risk.weights.precedent: 0.2\n'),
      ).ok,
    ).toBe(true);
  });

  test('all mistakes are told at once, in the order of files and lines', () => {
    const found = mistakesOf(
      team('values:\n  laen: 1\n  lane: x\n  undoWindow: 999d\n', 'b'),
      team('oops: 1\n', 'a'),
      file('acme/nope.yaml', ''),
    );
    expect(found.map(({ code, at }) => `${code} ${at}`)).toEqual([
      'CONFIG_FIELD_UNKNOWN config/acme/layers/a.yaml:2',
      'CONFIG_KEY_UNKNOWN config/acme/layers/b.yaml:3',
      'CONFIG_TYPE config/acme/layers/b.yaml:4',
      'CONFIG_OUT_OF_BOUNDS config/acme/layers/b.yaml:5',
      'CONFIG_FILE_UNKNOWN config/acme/nope.yaml',
    ]);
  });
});

describe('automations, entities and connections', () => {
  test('CONFIG_TEMPLATE: malformed paths, templates and conditions', () => {
    const found = printed(
      automation(
        'outcome: EMP-R-001\nparams: { device: { from: dta.device } }\nwhen:\n  all:\n    - { path: data..x, exists: true }\n',
      ),
      file(
        'acme/automations/b.yaml',
        'id: b\nevents: [x]\noutcome: EMP-R-001\nentity: person:{data.email|upper}\n',
      ),
      file(
        'acme/automations/c.yaml',
        'id: c\nevents: [x]\noutcome: EMP-R-001\nentity: person:{entity.name}\n',
      ),
      file(
        'acme/automations/d.yaml',
        'id: d\nevents: [x]\noutcome: EMP-R-001\nentity: "person:{data.email"\n',
      ),
    );
    expect(found.map((text) => text.split(': ')[0])).toEqual([
      'CONFIG_TEMPLATE config/acme/automations/a.yaml:5',
      'CONFIG_TEMPLATE config/acme/automations/a.yaml:8',
      'CONFIG_TEMPLATE config/acme/automations/b.yaml:4',
      'CONFIG_TEMPLATE config/acme/automations/c.yaml:4',
      'CONFIG_TEMPLATE config/acme/automations/d.yaml:4',
    ]);
  });

  test('CONFIG_TEMPLATE: conditions deeper inside each other than they may be', () => {
    const deep = 'not: { '.repeat(12) + 'path: type, exists: true' + ' }'.repeat(12);
    expect(mistakesOf(automation(`outcome: EMP-R-001\nwhen: { ${deep} }\n`))).toMatchObject([
      { code: 'CONFIG_TEMPLATE' },
    ]);
  });

  test('a condition of no known form says which field is wrong', () => {
    expect(printed(automation('outcome: EMP-R-001\nwhen: { path: data.kind, equls: x }\n'))).toContain(
      'CONFIG_FIELD_UNKNOWN config/acme/automations/a.yaml:5: `equls` is not known here (did you mean `equals`?)',
    );
  });

  test('credit that does not add up to 100 is refused', () => {
    expect(
      mistakesOf(automation('outcome: EMP-R-001\ncredit: { approved: { human: 50, backstep: 40 } }\n')),
    ).toMatchObject([{ code: 'CONFIG_TYPE', message: expect.stringContaining('add up to 100') as string }]);
  });

  test('CONFIG_SECRET_IN_CLEAR: a secret is never written down, and no message repeats it', () => {
    const secret = fc.stringMatching(/^[a-z0-9]{8,40}$/);
    fc.assert(
      fc.property(secret, (token) => {
        const found = mistakesOf(
          file(
            'acme/connections.yaml',
            `systems:\n  okta:\n    baseUrl: https://x.example\n    secrets: { token: '${token}', other: ${token.length} }\n`,
          ),
        );
        expect(found.map(({ code }) => code)).toEqual(['CONFIG_SECRET_IN_CLEAR', 'CONFIG_SECRET_IN_CLEAR']);
        expect(JSON.stringify(found)).not.toContain(token);
      }),
      { numRuns: 20 },
    );
  });

  test('an address with a password in it is refused, and the message does not repeat it', () => {
    const found = mistakesOf(
      file('acme/connections.yaml', 'systems:\n  okta: { baseUrl: "https://me:hunter2@x.example" }\n'),
    );
    expect(found).toMatchObject([{ code: 'CONFIG_TYPE', at: 'config/acme/connections.yaml:2' }]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('CONFIG_ENV_MISSING: a connection names what is not set, and is whole where all is', () => {
    const bundle = bundleOf(
      file(
        'acme/connections.yaml',
        'systems:\n  okta:\n    baseUrl: env:BASE/okta\n    secrets: { token: env:TOKEN }\n    settings: { org: x, id: env:ID }\n',
      ),
    );
    const env: Record<string, string> = { BASE: 'http://127.0.0.1:1/', TOKEN: 's', ID: '7' };
    expect(resolveConnection(bundle, 'okta', (name) => env[name])).toEqual({
      ok: true,
      value: { baseUrl: 'http://127.0.0.1:1/okta', secrets: { token: 's' }, settings: { org: 'x', id: '7' } },
    });
    expect(resolveConnection(bundle, 'okta', () => undefined)).toMatchObject({
      ok: false,
      error: [
        {
          code: 'CONFIG_ENV_MISSING',
          at: 'config/acme/connections.yaml:2',
          message: expect.stringContaining('`BASE`') as string,
        },
        { code: 'CONFIG_ENV_MISSING', message: expect.stringContaining('`TOKEN`') as string },
        { code: 'CONFIG_ENV_MISSING', message: expect.stringContaining('`ID`') as string },
      ],
    });
    expect(resolveConnection(bundle, 'slack', () => 'x')).toMatchObject({
      ok: false,
      error: [{ code: 'CONFIG_NAME_UNKNOWN' }],
    });
  });

  test('entities.yaml: facts, relations and feeds name what exists', () => {
    const found = printed(
      file(
        'acme/entities.yaml',
        [
          'types:',
          '  person:',
          '    fields: { team: { type: text } }',
          '    relations:',
          '      manager: { to: persn }',
          '      reports: { to: person, inverse: boss }',
          '    facts: { team: taem }',
          'feeds:',
          '  - { id: f, events: [x], entity: "person:{data.e}", fields: { tema: { from: data.t } } }',
          '  - { id: g, events: [x], entity: "persn:{data.e}" }',
          '  - { id: f, events: [x], entity: "person:{data.e}", relations: { reports: "person:{data.r}" } }',
        ].join('\n'),
      ),
    );
    expect(found.map((text) => text.replace(/ \(.*/, ''))).toEqual([
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:5: `persn` is no entity type',
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:6: `boss` is no relation of `person`',
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:7: `taem` is no field of `person`',
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:9: `tema` is no field of `person`',
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:10: `persn` is no entity type',
      'CONFIG_DUPLICATE config/acme/entities.yaml:11: feed `f` stands twice',
      'CONFIG_NAME_UNKNOWN config/acme/entities.yaml:11: `reports` is no stored relation of `person`',
    ]);
  });
});
