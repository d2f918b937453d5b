/** Entities against the types of a tenant, what events feed, and how words of different times become one entity. */
import fc from 'fast-check';
import { ENTITY_ID } from '../../../src/config/entity-id';
import { entityMistakes, feedUpdates, type EntityUpdate } from '../../../src/config/entity-model';
import { mergeEntity } from '../../../src/cortex/merge';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import type { StoredEntity } from '../../../src/store/entities';
import { bundleOf, event, file, mistakesOf } from './fixtures';

const ENTITIES = `
types:
  person:
    fields:
      name: { type: text, required: true }
      badge: { type: text, sensitive: true }
      seats: { type: number }
      admin: { type: boolean }
      until: { type: date }
      groups: { type: texts }
    relations:
      manager: { to: person }
      mentors: { to: person, many: true }
      reports: { to: person, inverse: manager }
feeds:
  - id: hired
    events: [hr.hired]
    when: { path: data.kind, equals: contractor }
    entity: person:{data.email|localpart|lower}
    fields: { name: { from: data.name }, badge: { from: data.badge }, seats: { value: 1 } }
    relations: { manager: "person:{data.boss}" }
`;
const { content } = bundleOf(file('acme/entities.yaml', ENTITIES));

const mistakes = (update: Partial<EntityUpdate>, isWhole = false): string[] =>
  entityMistakes(
    content.entityTypes,
    { id: 'person:a', fields: {}, relations: {}, ...update },
    { isWhole },
  ).map(printDiagnostic);

describe('entities', () => {
  test.each(['person:sarah.chen', 'device:C02-1', 'article:2024_x', 'person:æ'])('`%s` is an id', (id) => {
    expect(ENTITY_ID.test(id)).toBe(true);
  });
  test.each([
    'person',
    'person:',
    ':a',
    'person:a b',
    'person:a/b',
    'Person:a',
    `person:${'x'.repeat(200)}`,
    '',
  ])('`%s` is none', (id) => {
    expect(ENTITY_ID.test(id)).toBe(false);
  });

  test('each mistake is told at its part', () => {
    expect(mistakes({ id: 'nobody' })).toEqual([
      'ENTITY_ID_MALFORMED nobody: `nobody` is no id of an entity (write it as `type:name`, such as `person:sarah.chen`)',
    ]);
    expect(mistakes({ id: 'persn:a' })).toEqual([
      'ENTITY_TYPE_UNKNOWN persn:a: `persn` is no entity type of this tenant (did you mean `person`?)',
    ]);
    expect(
      mistakes({
        fields: {
          nmae: 'A',
          seats: 'two',
          until: '2027-02-30',
          groups: ['a', 1],
          admin: 1,
          badge: 7,
          name: null,
        },
        relations: {
          manger: ['person:b'],
          manager: ['person:b', 'person:c'],
          mentors: ['device:x'],
          reports: [],
        },
      }),
    ).toEqual([
      'ENTITY_FIELD_UNKNOWN person:a › fields.nmae: `nmae` is no field of this type (did you mean `name`?)',
      'ENTITY_FIELD_INVALID person:a › fields.seats: `seats` must be a number, and `"two"` is not',
      'ENTITY_FIELD_INVALID person:a › fields.until: `until` must be a day such as 2027-05-31, and `"2027-02-30"` is not',
      'ENTITY_FIELD_INVALID person:a › fields.groups: `groups` must be a list of texts, and `["a",1]` is not',
      'ENTITY_FIELD_INVALID person:a › fields.admin: `admin` must be `true` or `false`, and `1` is not',
      // The field is sensitive, so the message does not repeat it.
      'ENTITY_FIELD_INVALID person:a › fields.badge: `badge` must be a text, and what it was given is not',
      'ENTITY_FIELD_MISSING person:a › fields: the required field `name` is missing',
      'ENTITY_FIELD_UNKNOWN person:a › relations.manger: `manger` is no relation of this type (did you mean `manager`?)',
      'ENTITY_FIELD_INVALID person:a › relations.manager: `manager` leads to one entity, and 2 are given',
      'ENTITY_FIELD_INVALID person:a › relations.mentors: `device:x` is no id of a `person`',
      'ENTITY_FIELD_INVALID person:a › relations.reports: `reports` is read from `manager` of the other side and cannot be set',
    ]);
  });

  test('a whole entity needs its required fields, and fields may be emptied', () => {
    expect(mistakes({}, true)).toEqual([
      'ENTITY_FIELD_MISSING person:a › fields: the required field `name` is missing',
    ]);
    expect(mistakes({ fields: { name: 'A', until: null } }, true)).toEqual([]);
  });

  test('ENTITY_TOO_LARGE: fields beyond their bound', () => {
    const groups = Array<string>(100).fill('x'.repeat(1_000));
    expect(mistakes({ fields: { groups } })).toEqual([expect.stringMatching(/^ENTITY_TOO_LARGE person:a: /)]);
  });

  test('a seed that does not fit is a mistake at its line', () => {
    const seed =
      'entities:\n  - id: person:a\n    fields: { name: A }\n  - id: person:b\n    fields:\n      seats: x\n  - id: person:a\n    fields: { name: A }\n';
    expect(
      mistakesOf(file('acme/entities.yaml', ENTITIES), file('acme/seed.yaml', seed)).map(
        ({ code, at }) => `${code} ${at}`,
      ),
    ).toEqual([
      'ENTITY_FIELD_MISSING config/acme/seed.yaml:5',
      'ENTITY_FIELD_INVALID config/acme/seed.yaml:6',
      'CONFIG_DUPLICATE config/acme/seed.yaml:7',
    ]);
  });
});

describe('feeds', () => {
  const data = { email: 'Sarah.Chen@acme.example', kind: 'contractor', name: 'Sarah', boss: 'maya' };
  test('an event feeds the fields it has, and leaves the others alone', () => {
    expect(feedUpdates(content, event({ data }))).toEqual([
      {
        id: 'person:sarah.chen',
        fields: { name: 'Sarah', seats: 1 },
        relations: { manager: ['person:maya'] },
      },
    ]);
    expect(feedUpdates(content, event({ data: { ...data, badge: null, boss: null } }))).toEqual([
      { id: 'person:sarah.chen', fields: { name: 'Sarah', badge: null, seats: 1 }, relations: {} },
    ]);
  });
  test('an event of another type, of another kind or without the entity feeds nothing', () => {
    expect(feedUpdates(content, event({ data, type: 'hr.left' }))).toEqual([]);
    expect(feedUpdates(content, event({ data: { ...data, kind: 'employee' } }))).toEqual([]);
    expect(feedUpdates(content, event({ data: { kind: 'contractor' } }))).toEqual([]);
  });
});

describe('merging', () => {
  interface Word extends Pick<EntityUpdate, 'fields' | 'relations'> {
    readonly at: number;
    readonly by: string;
  }
  const word: fc.Arbitrary<Word> = fc.record({
    at: fc.integer({ min: 0, max: 3 }),
    by: fc.constantFrom('seed', 'event /hr 1', 'person:x'),
    fields: fc.dictionary(fc.constantFrom('name', 'team'), fc.constantFrom<'a' | 'b' | null>('a', 'b', null)),
    relations: fc.dictionary(fc.constantFrom('manager'), fc.constantFrom(['person:m'], ['person:n'], [])),
  });
  const fold = (words: readonly Word[]): StoredEntity | undefined =>
    words.reduce<StoredEntity | undefined>(
      (current, { fields, relations, ...said }) =>
        mergeEntity(current, { id: 'person:a', fields, relations }, { tenant: 't', ...said }).entity,
      undefined,
    );

  test('the order in which words arrive does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        (words, random) => {
          const shuffled = words
            .map((one) => [random.next().value as number, one] as const)
            .sort(([a], [b]) => a - b)
            .map(([, one]) => one);
          const [a, b] = [fold(words)!, fold(shuffled)!];
          expect({ ...b, version: 0 }).toEqual({ ...a, version: 0 });
        },
      ),
    );
  });

  test('saying the same again changes nothing, not even the version', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        expect(fold([...words, ...words])).toEqual(fold(words));
      }),
    );
  });

  test('the later word counts for each field alone', () => {
    const said = (at: number, fields: Record<string, string>): Word => ({
      at,
      by: 'x',
      fields,
      relations: {},
    });
    expect(fold([said(2, { name: 'new' }), said(1, { name: 'old', team: 'kept' })])).toMatchObject({
      fields: { name: 'new', team: 'kept' },
      version: 2,
      sources: { 'fields.name': { at: 2 }, 'fields.team': { at: 1 } },
    });
  });
});
