/** How counters call an entity: by the rules of a tenant, and in what admission asks for. */
import { createHash } from 'node:crypto';
import { createRulebook } from '../../../src/app/rulebook';
import { countedNames } from '../../../src/temporal/entity-names';
import { asksOf } from '../../../src/temporal/rules';
import { bundleOf, file } from '../config/fixtures';
import { toyContracts } from '../../kit/plans';

const keyOf = (text: string) => ({ id: `of ${text}`, key: createHash('sha256').update(text).digest() });

/** Names under keys that count how often they were read; `epoch` makes other keys. */
function named(clock: { now: number } = { now: 0 }) {
  const read: string[] = [];
  const keys = {
    epoch: '',
    fails: false,
    of: (tenant: string, subject: string) => {
      read.push(`${tenant} ${subject}`);
      return keys.fails
        ? Promise.reject(new Error('down'))
        : Promise.resolve(keyOf(`${tenant} ${subject} ${keys.epoch}`));
    },
  };
  return { read, keys, names: countedNames(keys, () => clock.now) };
}

test('an entity has the same name in every process, another in every tenant, and none that is made of its id alone', async () => {
  const [one, other] = [named().names, named().names];
  const ada = await one('acme', 'person:ada');
  expect(ada).toMatch(/^person:~[\w-]{22}$/);
  expect(await other('acme', 'person:ada')).toBe(ada);
  const third = named();
  third.keys.epoch = 'another secret';
  const names = [
    await one('globex', 'person:ada'),
    await one('acme', 'person:bo'),
    await third.names('acme', 'person:ada'),
  ];
  expect(new Set([ada, ...names]).size).toBe(4);
});

test('the key of a tenant is read once in a while, however many are counted, and again after one that failed', async () => {
  const clock = { now: 0 };
  const { read, keys, names } = named(clock);
  keys.fails = true;
  await expect(names('acme', 'person:ada')).rejects.toThrow('down');
  keys.fails = false;
  await Promise.all(['ada', 'bo', 'cy'].map((who) => names('acme', `person:${who}`)));
  expect(read).toEqual(['acme tenant/counters', 'acme tenant/counters']);
  clock.now += 600_000;
  await names('acme', 'person:ada');
  expect(read).toHaveLength(3);
});

test('what admission asks for names nobody, and only a limit of each entity has its name looked for', async () => {
  const { read, names } = named();
  const bundle = bundleOf(
    file(
      'acme/automations/licences.yaml',
      'id: licences\nsummary: A licence ends\nevents: [com.acme.licence.ending]\noutcome: IT-R-001\nentity: person:{data.who}\ndial: manual\nlimits: { outcomesPerEntityPerDay: 1 }\n',
    ),
  );
  const rulebook = createRulebook(
    () => Promise.resolve(bundle),
    () => Promise.resolve(100),
    names,
  );
  const contract = toyContracts.get('toy.put')!;
  const under = { runbook: 'renew.licence', domain: 'it', entity: 'person:sarah.chen' } as const;
  const byPerson = { ...under, person: 'person:mary' } as const;
  asksOf(await rulebook('acme', byPerson, contract), contract, byPerson);
  expect(read).toEqual([]);
  const byRule = { ...under, automation: 'licences' } as const;
  const asks = asksOf(await rulebook('acme', byRule, contract), contract, byRule);
  expect(asks.map(({ k }) => k)).toContain(`outcomes:licences:${await names('acme', 'person:sarah.chen')}`);
  expect(JSON.stringify(asks)).not.toContain('sarah');
});
