/**
 * Ten runbooks as people get them wrong, each with one mistake that reads as if it were right. What the compiler says of
 * each is a golden: `test/golden/plans/broken.txt`.
 */
import { z } from 'zod';
import { backstep, defineRunbook, escalate, retryAfter, skip, text, type AnyRunbook } from '../../src/dsl';
import { defineAwf } from '../../src/dsl/awf';
import type { CompileRequest } from '../../src/compiler';
import { given, Person } from './compile';
import { create, look, send, set } from './toys';

interface Broken {
  /** What its author thought. */
  readonly thought: string;
  readonly runbook: AnyRunbook;
  readonly rest?: Partial<CompileRequest> & { readonly more?: readonly AnyRunbook[] };
}

const head = (id: string) => ({
  id,
  outcome: 'TOY-R-001',
  version: '1.0',
  domain: 'people',
  entity: Person,
});

const Params = z.object({ size: z.enum(['big', 'small']), copies: z.number().int().max(5) });

const sub = defineRunbook(
  { ...head('sub.thing'), params: z.object({ what: z.string() }) },
  ({ run, params }) => {
    run('make', create, { key: params.what });
  },
);

const mistyped = defineAwf({ ...create, name: 'toy.crate' });

export const BROKEN: readonly Broken[] = [
  {
    thought: 'the welcome can go out first, everything else can follow',
    runbook: defineRunbook(head('welcome.first'), ({ run, entity }) => {
      run('welcome', send, { to: entity.email, text: 'welcome' });
      run('toy', create, { key: entity.email });
    }),
  },
  {
    thought: 'the welcome cannot be undone, so it is the pivot; the toy comes beside it',
    runbook: defineRunbook(head('pivot.beside'), ({ run, parallel, entity }) => {
      parallel(
        () => run('welcome', send, { to: entity.email, text: 'welcome' }, { pivot: true }),
        () => run('toy', create, { key: entity.email }),
      );
      run('second', create, { key: 'second' });
    }),
  },
  {
    thought: 'if the toy exists already, all the better: go on, and read its id',
    runbook: defineRunbook(head('skip.and.read'), ({ run, entity }) => {
      const toy = run('toy', create, { key: entity.email }, { onError: { taken: skip() } });
      run('note', set, { key: 'owner', value: toy.id });
    }),
  },
  {
    thought: 'catch everything, and treat `taken` in its own way',
    runbook: defineRunbook(head('catch.all.first'), ({ run, entity }) => {
      run(
        'toy',
        create,
        { key: entity.email },
        {
          onError: {
            '*': escalate({ to: 'manager' }),
            taken: retryAfter('1 minute', { max: 20 }),
          },
        },
      );
    }),
  },
  {
    thought: 'only the big ones need something',
    runbook: defineRunbook({ ...head('half.a.choice'), params: Params }, ({ run, params, choose }) => {
      const cases = { big: () => run('big', create, { key: 'big' }), smal: () => {} };
      choose(params.size, cases as unknown as { big: () => unknown; small: () => unknown });
    }),
    rest: { params: given({ size: 'big', copies: 1 }) },
  },
  {
    thought: 'the configuration will be right',
    runbook: defineRunbook({ ...head('wrong.configuration'), params: Params }, ({ run, params, entity }) => {
      run('set', set, { key: entity.phone as typeof entity.email, value: params.copies });
    }),
    rest: {
      params: {
        copies: { value: 12, from: 'team', at: 'config/acme/teams/design.yaml:7' },
        siez: { value: 'big', from: 'tenant', at: 'config/acme/tenant.yaml:3' },
      },
    },
  },
  {
    thought: 'a name here, a name there',
    runbook: defineRunbook(head('wrong.names'), ({ run, use, checkpoint }) => {
      checkpoint('prepared');
      run('toy', mistyped, { key: 'a' }, { after: ['prepard'] });
      use('thing', sub, { what: 'b' });
      run('set', set, { key: '', value: 1 }, { onError: { '*': backstep({ to: 'preparred' }) } });
    }),
  },
  {
    thought: 'first one and then the other, or the other way round',
    runbook: defineRunbook(head('round.and.round'), ({ run }) => {
      run('hen', create, { key: 'hen' }, { after: ['egg'] });
      run('egg', create, { key: 'egg' }, { after: ['hen'] });
    }),
  },
  {
    thought: 'if it is there we are done, and then we tidy up',
    runbook: defineRunbook(head('behind.the.end'), ({ run, choose, complete, backstepAll }) => {
      const seen = run('look', look, { key: 'a' });
      choose(seen.found, {
        true: () => complete({ reason: 'it is there already' }),
        false: () => backstepAll({ reason: 'it is not there' }),
      });
      run('tidy', set, { key: 'tidy', value: true });
    }),
  },
  {
    thought: 'write the message as one does in JavaScript, and ask whoever is in charge',
    runbook: defineRunbook(head('text.at.once'), ({ run, gate, entity }) => {
      const toy = run('toy', create, { key: entity.email });
      gate('ok', { approval: 'approve', by: 'manager', ask: text`keep ${toy.id}?` });
      // eslint-disable-next-line @typescript-eslint/restrict-template-expressions, @typescript-eslint/no-base-to-string -- the mistake
      run('note', set, { key: 'note', value: `made ${toy.id}` });
    }),
  },
];
