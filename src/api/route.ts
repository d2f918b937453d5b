/**
 * What a route of the API is: one row of one table, from which validation, the rule who may use it, its types and its
 * documentation are made. A route without a rule is a type error.
 * Entry ring; declares only.
 */
import type { z } from 'zod';
import type { TenantConfig } from '../app/configuration';
import type { Refusal } from '../app/refusal';
import type { Services } from '../app/services';
import type { Result } from '../kernel/result';
import type { AnswerStore } from '../store/answers';
import type { Identify } from './identity';
import type { ProblemCode } from './problem';
import type { Access, Caller } from './roles';
import type { WebhookSecrets } from './webhooks';

/** What the API is handed; whoever composes it opens and closes them. */
export interface ApiDeps {
  readonly services: Services;
  /** The configuration of a tenant; `CONFIG_REFUSED` where it has none that is valid. */
  readonly configOf: (tenant: string) => Promise<Result<TenantConfig, Refusal>>;
  readonly identify: Identify;
  readonly answers: AnswerStore;
  /** What has to answer before requests can be served, by name. */
  readonly probes: Readonly<Record<string, () => Promise<void>>>;
  /** Web origins that may call from a browser; none by default. */
  readonly origins: readonly string[];
  /** Of event sources that sign; none by default. */
  readonly webhooks?: WebhookSecrets;
  /** In `/openapi.json`. */
  readonly version: string;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** `Idempotency-Key`, where one was sent. */
  readonly key: string | undefined;
  /** Whether the caller asked for `text/event-stream`. */
  readonly wantsStream: boolean;
  /** Aborted when the caller is gone, its token ends, or the API stops. */
  readonly signal: AbortSignal;
}

export type Reply<Body> =
  | { readonly status: number; readonly body: Body; readonly headers?: Readonly<Record<string, string>> }
  /** Bytes as they are, of one of the media types that the route says. */
  | {
      readonly status: number;
      readonly text: string;
      readonly type: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly stream: AsyncIterable<string> };

interface Row {
  /** Name of the operation in the OpenAPI document. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With parameters in braces: `/v1/outcomes/{id}`. */
  readonly path: string;
  readonly access: Access;
  /**
   * What the path names. An outcome or a node of one is shown to the tenant that has it, and to nobody else; `own` is looked up
   * among what the caller's tenant has, so a name of another's means nothing.
   */
  readonly about?: 'outcome' | 'task' | 'own';
  readonly summary: string;
  readonly description?: string;
  /** Success, by status. */
  readonly answers: Readonly<Record<number, string>>;
  /** Codes of its own, beside those that every route has. */
  readonly problems?: readonly ProblemCode[];
  /** Takes signed webhooks in place of a token. */
  readonly takesWebhooks?: true;
  /** Keeps its answer by `Idempotency-Key`. */
  readonly keepsAnswers?: true;
  /** Can answer with server-sent events, too. */
  readonly streams?: true;
  /** Takes what a form of a page sends in place of JSON. */
  readonly takesForms?: true;
  /** Media types beside JSON that it can answer with. */
  readonly texts?: readonly string[];
}

interface TypedRoute<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Given extends z.ZodType,
> extends Row {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Given;
  readonly handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
    deps: ApiDeps,
  ) => Promise<Result<Reply<z.input<Given>>, Refusal>>;
}

/** A route as the table holds it: its types were checked where it was declared. */
export interface Route extends Row {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  readonly handle: (
    call: Call<unknown, unknown, unknown>,
    deps: ApiDeps,
  ) => Promise<Result<Reply<unknown>, Refusal>>;
}

type Nothing = z.ZodObject<Readonly<Record<string, never>>>;

export function defineRoute<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodType = z.ZodUndefined,
  Given extends z.ZodType = z.ZodType,
>(route: TypedRoute<Params, Query, Body, Given>): Route {
  // The handler is called with what these very schemas gave.
  return route as unknown as Route;
}
