/** Schemas that several routes share. Entry ring; data only. */
import { z } from 'zod';
import type { Json } from '../kernel/json';
import { API_LIMITS } from './limits';

const { textLength, paramLength, pageDefault, pageMax } = API_LIMITS;

const text = z.string().trim().min(1).max(textLength);

const outcomeId = z
  .string()
  .min(5)
  .max(paramLength)
  .meta({ description: '`<tenant>/<outcome code>/<event id>`, percent-encoded in a path' });

export const outcomeParams = z.object({ id: outcomeId });

export const taskId = z
  .string()
  .min(7)
  .max(paramLength)
  .meta({ description: '`<outcome id>#<node>`, percent-encoded in a path' });

/** Without flags, which a document of the API could not say. */
const NO_BLANKS_AROUND = /^\S(?:[\s\S]*\S)?$/;

/** A name, in a path or a body. Nobody tells one with a blank beside it from the one without. */
export const name = (description: string) =>
  z
    .string()
    .max(200)
    .regex(NO_BLANKS_AROUND, 'it is blank, or has a blank at its begin or end')
    .meta({ description });

export const reason = text.meta({ description: 'why; kept in the history' });

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(pageMax).default(pageDefault),
  cursor: z.string().min(1).max(4_096).optional().meta({ description: '`next` of the page before' }),
});

/** Any JSON value. It came out of a JSON parser, so there is nothing to check. */
export const anyJson = z.unknown().transform((value) => value as Json);

/** Any JSON object. */
export const jsonObject = z.looseObject({}).transform((value) => value as Readonly<Record<string, Json>>);

export const diagnostics = z
  .array(
    z
      .object({ code: z.string(), at: z.string(), message: z.string(), help: z.string().optional() })
      .readonly(),
  )
  .readonly();
