/** The query languages of the vendors, as far as the stand-ins read them. */
import { passes, termsOf } from '../../../src/sandbox/graph/odata';
import { equalityOn, ordered, parseQuery, satisfies } from '../../../src/sandbox/servicenow/query';
import { transitionOf } from '../../../src/sandbox/servicenow/states';

const row: Readonly<Record<string, string>> = {
  number: 'REQ0000007',
  state: '2',
  name: 'Sarah Chen',
  note: '',
};
const holds = (text: string): boolean => {
  const query = parseQuery(text);
  if (!query) throw new Error(`unreadable: ${text}`);
  return satisfies(query, (field) => row[field] ?? '');
};

describe('an encoded query', () => {
  test.each([
    ['', true],
    ['state=2', true],
    ['state=2^name=Sarah Chen', true],
    ['state=2^name=Omar', false],
    ['state=1^ORstate=2', true],
    ['state=1^ORstate=2^name=Omar', false],
    ['state!=1', true],
    ['state>1', true],
    ['stateIN1,2,3', true],
    ['stateNOT IN1,2,3', false],
    ['nameLIKEchen', true],
    ['nameSTARTSWITHsarah', true],
    ['noteISEMPTY', true],
    ['numberISNOTEMPTY^ORDERBYDESCnumber', true],
    ['unknown=1', false],
  ])('%s holds: %p', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  test('that can not be read is none', () => {
    expect(parseQuery('just words')).toBeUndefined();
  });

  test('is answered by an index only where nothing else could be meant', () => {
    const on = (text: string) =>
      equalityOn(parseQuery(text) ?? { groups: [], orderBy: undefined }, ['number']);
    expect(on('state=1^number=REQ1')).toEqual({ field: 'number', value: 'REQ1' });
    expect(on('number=REQ1^ORnumber=REQ2')).toBeUndefined();
    expect(on('number!=REQ1')).toBeUndefined();
  });

  test('orders both ways', () => {
    const rows = [{ n: '2' }, { n: '3' }, { n: '1' }];
    const order = (text: string) => ordered(rows, parseQuery(text)?.orderBy).map(({ n }) => n);
    expect(order('ORDERBYn')).toEqual(['1', '2', '3']);
    expect(order('ORDERBYDESCn')).toEqual(['3', '2', '1']);
  });
});

describe('a filter of Graph', () => {
  const user = { displayName: "O'Brien", accountEnabled: true, mail: 'ob@acme.example' };
  test.each([
    ["displayName eq 'O''Brien'", true],
    ["displayName eq 'o''brien' and accountEnabled eq true", true],
    ['accountEnabled eq false', false],
    ["startswith(mail,'ob@')", true],
    ["missing eq 'x'", false],
  ])('%s passes: %p', (filter, expected) => {
    expect(passes(user, termsOf(filter) ?? [{ property: 'unreadable', operator: 'eq', value: '' }])).toBe(
      expected,
    );
  });

  test('that can not be read is none', () => {
    expect(termsOf("displayName like 'x'")).toBeUndefined();
  });
});

describe('the states of an order', () => {
  test.each([
    ['1', '4', true],
    ['2', '3', true],
    ['3', '4', false],
    ['4', '1', false],
    ['4', '4', true],
  ])('from %s to %s: %p', (from, to, isAllowed) => {
    expect(transitionOf('sc_req_item', { state: from }, { state: to }).ok).toBe(isAllowed);
  });

  test('bind no other table', () => {
    expect(transitionOf('incident', { state: '3' }, { state: '4' }).ok).toBe(true);
  });
});
