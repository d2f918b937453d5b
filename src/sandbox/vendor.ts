/**
 * What a stand-in for one vendor is made of: routes with handlers that read and change a world, the way it tells
 * who calls, and the words in which it refuses.
 * Adapter ring. Handlers are synchronous and see only their `Call`, so one request is one indivisible change.
 */
import type { JsonObject } from '../kernel/json';
import type { TokenOffice, TokenRequest } from './credentials';
import type { Answer, Presented, Principal, Refusal, VendorName } from './wire';
import type { Transaction } from './world';

/** One request as its handler sees it. */
export interface Call {
  readonly world: Transaction;
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The parsed body: of JSON or of a form. Absent when there was none. */
  readonly body: JsonObject;
  /** The path below the vendor's prefix, without the query. */
  readonly path: string;
  /** Where this vendor is reached, without a slash at the end: `http://127.0.0.1:4810/okta`. */
  readonly baseUrl: string;
  /** The sandbox's own clock, which tests may move. */
  readonly now: Date;
  /** Names what the request acts on, where the path alone does not tell. It ends up in the audit log only. */
  target(text: string): void;
}

export interface VendorRoute {
  /** The audit log's name of the operation, such as `okta.users.create`; faults match on it. */
  readonly op: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the vendor's prefix, with `:name` for parameters. */
  readonly path: string;
  /** What the caller must have been granted; absent where the vendor asks for nothing, as for a token. */
  readonly scope?: string;
  handle(call: Call): Answer;
}

/** An endpoint that grants expiring tokens: the only kind that is reached without one. */
export interface TokenRoute {
  readonly op: string;
  readonly path: string;
  /** The tenant is for the audit log; absent when the credentials are nobody's. */
  grant(request: TokenRequest, office: TokenOffice): { readonly answer: Answer; readonly tenant?: string };
}

export interface Vendor {
  readonly name: VendorName;
  readonly routes: readonly VendorRoute[];
  readonly tokens?: readonly TokenRoute[];
  /** Reads the credential from where this vendor's clients put it. */
  presented(headers: Readonly<Record<string, string | undefined>>, body: JsonObject): Presented;
  /** The vendor's own words for a refusal. */
  refuse(refusal: Refusal): Answer;
}
