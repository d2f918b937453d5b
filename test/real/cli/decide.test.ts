/** `backstep decide` needs no server: facts in, decisions out in the same way. */
import { backstep, build } from '../../kit/cli';

beforeAll(build, 200_000);

const facts = (rest: object = {}) => ({
  now: 1_795_276_000_000,
  action: { type: 'okta.create_identity' },
  ...rest,
});
const decide = (input: string, ...more: readonly string[]) =>
  backstep(['decide', '--facts', '-', ...more], { input });

it('one object gives one decision, made of the facts as they were read', async () => {
  const { code, out } = await decide(JSON.stringify(facts(), null, 2));
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    mode: 'observe',
    fire: 'hold',
    facts: { action: { external: true } },
  });
});

it('one object a line gives one decision a line, in order', async () => {
  const lines = [facts(), facts({ startedByPerson: 'person:ada' })].map((one) => JSON.stringify(one));
  const { out } = await decide(lines.join('\n'));
  const modes = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { mode: string }).mode);
  expect(modes).toEqual(['observe', 'manual']);
});

it('in words it says what every rule said', async () => {
  const { out } = await decide(JSON.stringify(facts()), '--words');
  expect(out).toContain('`okta.create_identity` is held; mode observe');
  expect(out).toMatch(/^ {2}kill-switch +autopilot +no kill switch is thrown/m);
});

it('nothing where facts should be is wrong usage, and no decision of nothing', async () => {
  const { code, out, err } = await decide('\n');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('`-` holds no facts');
});

it('facts that are not valid are wrong usage, with the line and everything that is wrong', async () => {
  const { code, err } = await decide(
    `${JSON.stringify(facts())}\n${JSON.stringify(facts({ now: -1, tenant: 7 }))}`,
  );
  expect(code).toBe(2);
  expect(err).toContain('the facts of line 2 are not valid');
  expect(err).toMatch(/now/);
  expect(err).toMatch(/tenant/);
});
