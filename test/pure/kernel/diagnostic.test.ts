/** A name that is nearly right is told which one is; whatever else was written is not pored over. */
import { didYouMean } from '../../../src/kernel/diagnostic';

test.each([
  ['tenannt', 'did you mean `tenant`?'],
  ['Tenant', 'did you mean `tenant`?'],
  ['etnant', 'did you mean `tenant`?'],
  ['tenantry', 'did you mean `tenant`?'],
  ['outcomes', 'did you mean `outcome`?'],
  ['zebra', undefined],
  ['', undefined],
])('`%s` is answered with %s', (name, answer) => {
  expect(didYouMean(name, ['tenant', 'outcome'])).toBe(answer);
});

test('a name of a million characters is near to nothing, and is not compared', () => {
  const compared: string[] = [];
  const known: Iterable<string> = {
    *[Symbol.iterator]() {
      compared.push('once');
      yield 'tenant';
    },
  };
  expect(didYouMean('t'.repeat(1_000_000), known)).toBeUndefined();
  expect(compared).toEqual([]);
});
