/**
 * The OpenAPI document, made of the table of routes: the schemas that validate are the schemas that are shown.
 * Entry ring; pure.
 * @source OpenAPI 3.1.0
 */
import { z } from 'zod';
import { API_LIMITS } from './limits';
import { PROBLEM_TYPE, problemSchema, STATUS, type ProblemCode } from './problem';
import { ROLES } from './roles';
import type { Route } from './route';

type Json = Readonly<Record<string, unknown>>;

export const KEY_HEADER = 'idempotency-key';

export function openApiOf(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Backstep',
      version,
      description:
        'Durable workflows on Temporal: deterministic by design, reversible by default. The tenant and the roles of a caller come from its token.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `roles: ${ROLES.join(', ')}`,
        },
      },
      schemas: { Problem: schemaOf(problemSchema, 'output') },
    },
  };
}

const TAGS = [
  ['service', 'what the service says of itself'],
  ['events', 'events of connected systems'],
  ['plans', 'plans, without running them'],
  ['outcomes', 'outcomes: start, read, act on'],
  ['tasks', 'what waits for a person'],
] as const;

function operationOf(route: Route): Json {
  const { id, path, access, summary, description, body, params, query, keepsAnswers } = route;
  const segment = path.split('/')[2] ?? 'service';
  const isPublic = access === 'public';
  const parameters = [
    ...parametersOf('path', params),
    ...parametersOf('query', query),
    ...(keepsAnswers === true ? [KEY_PARAMETER] : []),
  ];
  return {
    operationId: id,
    tags: [TAGS.some(([name]) => name === segment) ? segment : 'service'],
    summary,
    ...(description === undefined ? {} : { description }),
    security: isPublic ? [] : [{ bearer: [] }],
    ...(isPublic ? {} : { 'x-roles': access.roles }),
    ...(isPublic || access.reviews === undefined ? {} : { 'x-roles-of-reviews': access.reviews }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(bodyTypes(route), schemaOf(body, 'input')) } }),
    responses: responsesOf(route),
  };
}

/** Media types that a route takes. */
const bodyTypes = ({ id, takesForms }: Route): readonly string[] =>
  takesForms === true
    ? ['application/x-www-form-urlencoded']
    : id === 'receiveEvent'
      ? ['application/json', 'application/cloudevents+json']
      : ['application/json'];

const KEY_PARAMETER: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'sent again with the same request within a day, the first answer is given again',
  schema: { type: 'string', minLength: 1, maxLength: API_LIMITS.keyLength, pattern: '^[!-~]+$' },
};

function parametersOf(where: 'path' | 'query', schema: z.ZodObject | undefined): readonly Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, member]) => {
    const { description, ...rest } = schemaOf(member as z.ZodType, 'input');
    const isRequired = where === 'path' || !(member as z.ZodType).safeParse(undefined).success;
    return {
      name,
      in: where,
      required: isRequired,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function responsesOf(route: Route): Json {
  const schema = schemaOf(route.answer, 'output');
  const stream = route.streams === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {};
  const texts = Object.fromEntries((route.texts ?? []).map((type) => [type, { schema: { type: 'string' } }]));
  const isText = route.texts !== undefined && route.answer instanceof z.ZodNever;
  const json = isText ? {} : { 'application/json': { schema } };
  const answers = Object.entries(route.answers).map(([status, description]) => [
    status,
    { description, content: { ...json, ...stream, ...texts } },
  ]);
  const problems = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(route)) {
    const status = STATUS[code];
    if (route.answers[status] === undefined) problems.set(status, [...(problems.get(status) ?? []), code]);
  }
  const refused = [...problems].map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  return Object.fromEntries([...answers, ...refused].sort(([a], [b]) => Number(a) - Number(b))) as Json;
}

/** Every code that a route can answer with. */
export function problemsOf({
  access,
  body,
  params,
  query,
  problems = [],
  keepsAnswers,
}: Route): readonly ProblemCode[] {
  const takes = body !== undefined || params !== undefined || query !== undefined;
  return [
    ...new Set<ProblemCode>([
      ...(access === 'public' ? [] : TOKEN_PROBLEMS),
      ...(takes || keepsAnswers === true ? (['REQUEST_INVALID'] as const) : []),
      ...(body === undefined ? [] : (['REQUEST_TOO_LARGE', 'REQUEST_TYPE_UNSUPPORTED'] as const)),
      ...(keepsAnswers === true ? (['KEY_REUSED', 'KEY_IN_USE'] as const) : []),
      ...problems,
      'REQUEST_HEAD_TOO_LARGE',
      'REQUEST_TOO_OFTEN',
      'API_UNEXPECTED',
      ...(access === 'public' ? [] : (['DEPENDENCY_DOWN'] as const)),
    ]),
  ];
}

const TOKEN_PROBLEMS = [
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'ROLE_MISSING',
  'ISSUER_UNAVAILABLE',
] as const;

const contentOf = (types: readonly string[], schema: Json): Json =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

/** A zod schema as JSON Schema 2020-12, which is what OpenAPI 3.1 takes. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  // What is transformed was plain JSON before, and is shown as that.
  const shown = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  const { $schema: _dialect, ...rest } = shown;
  return rest;
}
