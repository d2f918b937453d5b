/**
 * The stand-in for Slack's Web API: every answer is HTTP 200 with `ok`, and each method takes a form or JSON.
 * Adapter ring.
 * @source https://api.slack.com/web
 */
import type { JsonObject } from '../../kernel/json';
import type { Vendor } from '../vendor';
import { answer, authorization, text, type Answer, type Presented, type Refusal } from '../wire';
import { conversationRoutes } from './conversations';
import { slackError } from './methods';
import { userRoutes } from './users';

/** A bearer token, or the argument `token` of a form. @source https://api.slack.com/web#authentication */
function presented(headers: Readonly<Record<string, string | undefined>>, body: JsonObject): Presented {
  const token = authorization(headers['authorization'], 'Bearer') ?? text(body, 'token');
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}

function refuse(refusal: Refusal): Answer {
  switch (refusal.kind) {
    case 'no_credentials':
      return slackError('not_authed');
    case 'bad_credentials':
      return slackError('invalid_auth');
    case 'expired_credentials':
      return slackError('token_expired');
    case 'missing_scope':
      return slackError('missing_scope', { needed: refusal.needed, provided: refusal.provided.join(',') });
    case 'rate_limited':
      // The one error that is not HTTP 200. @source https://api.slack.com/apis/rate-limits
      return answer(
        429,
        { ok: false, error: 'ratelimited' },
        { 'retry-after': String(refusal.retryAfterSeconds) },
      );
    case 'server_error':
      return answer(refusal.status, { ok: false, error: 'internal_error' });
    case 'unreadable_body':
      return slackError('invalid_json');
    case 'no_such_path':
      return slackError('unknown_method');
    case 'refused':
      return answer(refusal.status ?? 200, { ok: false, error: refusal.code ?? 'restricted_action' });
  }
}

export const slack: Vendor = {
  name: 'slack',
  routes: [...conversationRoutes, ...userRoutes],
  presented,
  refuse,
};
