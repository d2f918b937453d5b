/** The cascade: who wins, what a lock and a bound forbid, and what the digest depends on. */
import fc from 'fast-check';
import { factsOf } from '../../../src/config/facts';
import { LAYERS, rankOf, scopeName, type Facts } from '../../../src/config/layers';
import { readParamText, resolveParams, resolveSettings, retryRules } from '../../../src/config/params';
import { explainKey, resolve, resolveFigures, resolveFirst } from '../../../src/config/resolve';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { canonicalJson } from '../../../src/kernel/json';
import { bundleOf, CATALOG, compile, digest, FACTS, file, tenantFile } from './fixtures';

const RUNBOOK = CATALOG.runbooks[0]!;

const layer = (name: string, scope: string, body: string) =>
  file(`acme/layers/${name}.yaml`, `scope: { ${scope} }\n${body}`);

describe('resolution', () => {
  const bundle = bundleOf(
    file('global.yaml', 'values:\n  undoWindow: 1d\n  lane: remote\n'),
    file('tiers/pro.yaml', 'values:\n  undoWindow: 2d\n'),
    file('tiers/starter.yaml', 'values:\n  undoWindow: 9d\n'),
    tenantFile('values:\n  undoWindow: 3d\n'),
    layer('r', 'region: emea', 'values:\n  undoWindow: 4d\n'),
    layer('d', 'domain: people', 'values:\n  undoWindow: 5d\n'),
    layer('b', 'runbook: onboard.contractor', 'values:\n  undoWindow: 6d\n'),
    layer('t', 'team: design', 'values:\n  undoWindow: 7d\n'),
    layer('t2', 'team: sales', 'values:\n  undoWindow: 70d\n'),
    layer('c', 'class: contractor', 'values:\n  undoWindow: 8d\n'),
  );
  const day = 86_400_000;
  const known: readonly (readonly [string, Partial<Facts>, number])[] = [
    ['tenant', {}, 3],
    ['region', { region: 'emea' }, 4],
    ['domain', { region: 'emea', domain: 'people' }, 5],
    ['runbook', { region: 'emea', domain: 'people', runbook: 'onboard.contractor' }, 6],
    ['team', { domain: 'people', runbook: 'onboard.contractor', team: 'design' }, 7],
    ['class', { team: 'design', class: 'contractor' }, 8],
  ];
  test.each(known)('the %s layer wins over every less specific one', (from, facts, days) => {
    const resolved = resolve(bundle, 'undoWindow', { tenant: 'acme', tier: 'pro', ...facts });
    expect(resolved).toMatchObject({ value: days * day, from });
    expect(resolved.cascade.map(({ layer: name }) => name)).toEqual([...LAYERS]);
    expect(resolved.cascade.filter(({ won }) => won).map(({ layer: name }) => name)).toEqual([from]);
  });

  test('a value names the line it was written on', () => {
    expect(resolve(bundle, 'undoWindow', { ...FACTS, class: 'employee' }).at).toBe(
      'config/acme/layers/t.yaml:3',
    );
  });

  test('the tier of another tenant does not exist in the bundle', () => {
    expect(canonicalJson(bundle.content)).not.toContain(String(9 * day));
  });

  test('where no layer sets a key its default holds, and a key without default has no value', () => {
    expect(resolve(bundle, 'dial.default', FACTS)).toMatchObject({ value: 'observe', from: 'default' });
    expect(resolve(bundle, 'awf.okta.assign_groups.timeout', FACTS)).toMatchObject({
      value: undefined,
      from: 'default',
    });
  });

  test('the first of several keys that is set at all decides', () => {
    const keys = ['node.onboard.contractor/groups.lane', 'awf.okta.assign_groups.lane', 'lane'];
    expect(resolveFirst(bundle, keys, FACTS)).toMatchObject({ key: 'lane', value: 'remote', from: 'global' });
    expect(resolveFirst(bundle, keys.slice(0, 2), FACTS)).toBeUndefined();
  });

  test('an explanation tells every layer, what it sets and which one won', () => {
    const explained = explainKey(bundle, 'undoWindow', {
      facts: { ...FACTS, team: 'sales', class: 'x' },
      catalog: CATALOG,
    });
    expect(explained.ok && explained.value.text).toBe(
      [
        'undoWindow = 70d  (team, config/acme/layers/t2.yaml:3)',
        '  default                     not set',
        '  global                      1d       (config/global.yaml:2)',
        '  tier pro                    2d       (config/tiers/pro.yaml:2)',
        '  tenant acme                 3d       (config/acme/tenant.yaml:7)',
        '  region emea                 4d       (config/acme/layers/r.yaml:3)',
        '  domain people               5d       (config/acme/layers/d.yaml:3)',
        '  runbook onboard.contractor  6d       (config/acme/layers/b.yaml:3)',
        '→ team sales                  70d      (config/acme/layers/t2.yaml:3)',
        '  class x                     not set',
      ].join('\n'),
    );
  });

  test('explaining a key that does not exist says what was meant', () => {
    expect(explainKey(bundle, 'undoWindwo', { facts: FACTS, catalog: CATALOG })).toMatchObject({
      ok: false,
      error: { code: 'CONFIG_KEY_UNKNOWN', help: 'did you mean `undoWindow`?' },
    });
  });

  test('settings are all that applies, without parameters and figures', () => {
    const settings = resolveSettings(
      bundleOf(
        layer(
          'b',
          'runbook: onboard.contractor',
          'values:\n  lane: local\n  params.onboard.contractor.device: mac\n',
        ),
        layer('s', 'team: sales', 'values:\n  awf.okta.assign_groups.lane: remote\n'),
        layer(
          't',
          'team: design',
          'values:\n  awf.okta.assign_groups.timeout: 4s\n  figures.retry.transient.maxRetries: 1\n',
        ),
      ),
      FACTS,
    );
    expect(settings).toEqual({
      lane: { value: 'local', from: 'runbook', at: 'config/acme/layers/b.yaml:3' },
      'awf.okta.assign_groups.timeout': { value: 4_000, from: 'team', at: 'config/acme/layers/t.yaml:3' },
    });
  });
});

describe('parameters', () => {
  const bundle = bundleOf(
    tenantFile(
      'values:\n  params.onboard.contractor.device: none\nlocked: [params.onboard.contractor.seats]\n',
    ),
    layer('t', 'team: design', 'values:\n  params.onboard.contractor.groups: [design]\n'),
  );

  test('what is given for the run outranks the automation, and that outranks the cascade', () => {
    const automation = {
      device: { value: 'pc', from: 'automation', at: 'a.yaml:1' },
      groups: { value: ['x'], from: 'automation' },
    };
    expect(
      resolveParams(bundle, RUNBOOK, { facts: FACTS, given: { run: { device: 'mac' }, automation } }),
    ).toEqual({
      ok: true,
      value: { device: { value: 'mac', from: 'run' }, groups: { value: ['x'], from: 'automation' } },
    });
    expect(resolveParams(bundle, RUNBOOK, { facts: FACTS })).toEqual({
      ok: true,
      value: {
        device: { value: 'none', from: 'tenant', at: 'config/acme/tenant.yaml:7' },
        groups: { value: ['design'], from: 'team', at: 'config/acme/layers/t.yaml:3' },
      },
    });
  });

  test('a locked parameter cannot be given for a run', () => {
    expect(resolveParams(bundle, RUNBOOK, { facts: FACTS, given: { run: { seats: 2 } } })).toMatchObject({
      ok: false,
      error: [{ code: 'CONFIG_LOCKED', at: 'runbook onboard.contractor › params.seats' }],
    });
  });

  test('the text of --param is read as what the parameter is', () => {
    expect(readParamText(RUNBOOK, 'device', 'mac')).toEqual({ ok: true, value: 'mac' });
    expect(readParamText(RUNBOOK, 'seats', '3')).toEqual({ ok: true, value: 3 });
    expect(readParamText(RUNBOOK, 'groups', '["a b"]')).toEqual({ ok: true, value: ['a b'] });
    expect(readParamText(RUNBOOK, 'groups', 'a, b')).toEqual({ ok: true, value: ['a', 'b'] });
    expect(readParamText(RUNBOOK, 'seats', 'three')).toMatchObject({
      ok: false,
      error: { code: 'PARAM_INVALID' },
    });
    expect(readParamText(RUNBOOK, 'devise', 'mac')).toMatchObject({
      ok: false,
      error: { code: 'PARAM_UNKNOWN', help: 'did you mean `device`?' },
    });
  });
});

describe('figures', () => {
  test('a layer changes the figures of the authority rules, and leaves the rest as the spec has them', () => {
    const bundle = bundleOf(layer('t', 'team: design', 'values:\n  figures.retry.transient.maxRetries: 1\n'));
    const figures = resolveFigures(bundle, FACTS);
    expect(figures.ok && figures.value.retry.transient.maxRetries).toBe(1);
    expect(figures.ok && figures.value.trust).toEqual(SPEC_FIGURES.trust);
    expect(figures.ok && retryRules(figures.value).transient).toEqual({ max: 1, delaysMs: [1_000] });
  });

  test('without configuration the retry table is that of 8.4', () => {
    expect(retryRules(SPEC_FIGURES)).toEqual({
      transient: { max: 3, delaysMs: [1_000, 2_000, 4_000] },
      recoverable: { max: 2, delaysMs: [60_000, 120_000] },
      permanent: { max: 0, delaysMs: [] },
      unknown: { max: 1, delaysMs: [300_000] },
    });
  });
});

describe('facts of an entity', () => {
  const bundle = bundleOf(
    file(
      'acme/entities.yaml',
      'types:\n  person:\n    fields: { team: { type: text }, land: { type: text }, kind: { type: text } }\n' +
        '    facts: { team: team, class: kind, region: { field: land, map: { DE: emea } } }\n',
    ),
  );
  const entity = (fields: Record<string, string>) => ({
    entity: { id: 'person:a', fields },
    runbook: RUNBOOK,
  });

  test('team, region and class come from the fields that the configuration names', () => {
    expect(factsOf(bundle, entity({ team: 'design', land: 'DE', kind: 'contractor' }))).toEqual({
      ok: true,
      value: FACTS,
    });
    expect(factsOf(bundle, entity({ land: 'XX' }))).toEqual({
      ok: true,
      value: { tenant: 'acme', tier: 'pro', domain: 'people', runbook: 'onboard.contractor' },
    });
  });

  test('a team that the tenant does not have is an error and not a silent fallback', () => {
    expect(factsOf(bundle, entity({ team: 'desing' }))).toMatchObject({
      ok: false,
      error: [{ code: 'CONFIG_FACT_UNKNOWN', at: 'person:a', help: 'did you mean `design`?' }],
    });
  });
});

describe('laws of bundles', () => {
  const scopes = [
    'region: emea',
    'domain: people',
    'runbook: onboard.contractor',
    'team: design',
    'class: contractor',
  ];
  const settings = fc.dictionary(
    fc.constantFrom('undoWindow', 'escalation.expiresAfter'),
    fc.integer({ min: 1, max: 9 }),
    {
      minKeys: 1,
    },
  );
  const layers = fc.uniqueArray(fc.tuple(fc.constantFrom(...scopes), settings), {
    selector: ([scope]) => scope,
  });
  const filesOf = (drawn: readonly (readonly [string, Record<string, number>])[], quirk = '') =>
    drawn.map(([scope, values], i) => {
      const lines = Object.entries(values).map(
        ([key, days]) => `  ${key}: ${quirk === '' ? `${days}d` : `${days * 24}h`}${quirk}`,
      );
      return layer(`l${i}`, scope, `${quirk === '' ? '' : '# a remark\n\n'}values:\n${lines.join('\n')}\n`);
    });

  test('the order of the files changes nothing', () => {
    fc.assert(
      fc.property(layers, fc.nat(), (drawn, seed) => {
        const files = [tenantFile(), ...filesOf(drawn)];
        const turned = [
          ...files.slice(seed % files.length),
          ...files.slice(0, seed % files.length),
        ].reverse();
        expect(bundleOf(...turned)).toEqual(bundleOf(...files));
      }),
    );
  });

  test('comments, formatting and the unit of a duration change the places and not the digest', () => {
    fc.assert(
      fc.property(layers, (drawn) => {
        const [plain, dressed] = [bundleOf(...filesOf(drawn)), bundleOf(...filesOf(drawn, '   # why'))];
        expect(dressed.digest).toBe(plain.digest);
        expect(dressed.content).toEqual(plain.content);
        if (drawn.length > 0) expect(dressed.places).not.toEqual(plain.places);
      }),
    );
  });

  test('another value is another digest', () => {
    const of = (days: number) => bundleOf(tenantFile(`values: { undoWindow: ${days}d }\n`)).digest;
    expect(of(1)).not.toBe(of(2));
  });

  test('the digest is that of the canonical content, and the bundle cannot be changed', () => {
    const bundle = bundleOf(tenantFile('values: { lane: local }\n'));
    expect(bundle.digest).toBe(digest(canonicalJson(bundle.content)));
    expect(() => ((bundle.content.layers[0]!.values as Record<string, unknown>)['lane'] = 'remote')).toThrow(
      TypeError,
    );
  });

  test('whatever layers set, the value comes from the most specific one that applies', () => {
    fc.assert(
      fc.property(layers, fc.subarray([...LAYERS].slice(3)), (drawn, absent) => {
        const facts = Object.fromEntries(
          Object.entries(FACTS).filter(([name]) => !(absent as string[]).includes(name)),
        ) as unknown as Facts;
        const bundle = bundleOf(...filesOf(drawn));
        const applying = bundle.content.layers
          .filter(
            ({ layer: name, scope, values }) => scopeName(name, facts) === scope && 'undoWindow' in values,
          )
          .sort((a, b) => rankOf(b.layer) - rankOf(a.layer));
        expect(resolve(bundle, 'undoWindow', facts).value).toBe(applying[0]?.values['undoWindow']);
      }),
    );
  });

  test('a bundle that was published never resolves to something looser than a bound allows', () => {
    const limit = fc.integer({ min: 0, max: 5 });
    const drawnLayers = fc.uniqueArray(fc.tuple(fc.constantFrom(...scopes), limit, fc.boolean()), {
      selector: ([scope]) => scope,
    });
    let published = 0;
    fc.assert(
      fc.property(limit, drawnLayers, (own, drawn) => {
        const result = compile(
          tenantFile(`values: { limits.concurrent: ${own} }\ntightenOnly: [limits.concurrent]\n`),
          ...drawn.map(([scope, value, isMark], i) =>
            layer(
              `l${i}`,
              scope,
              `values: { limits.concurrent: ${value} }\n${isMark ? 'tightenOnly: [limits.concurrent]\n' : ''}`,
            ),
          ),
        );
        const ranked = [...drawn]
          .sort(([a], [b]) => scopes.indexOf(a) - scopes.indexOf(b))
          .map(([, value]) => value);
        const falls = [own, ...ranked].every((value, i, all) => i === 0 || value <= all[i - 1]!);
        expect(result.ok).toBe(falls);
        if (!result.ok) return;
        published++;
        expect(resolve(result.value.bundle, 'limits.concurrent', FACTS).value).toBe(Math.min(own, ...ranked));
      }),
    );
    expect(published).toBeGreaterThan(0);
  });
});
