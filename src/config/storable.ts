/** Whether a value can be kept as JSON in Postgres, which has no place for the character U+0000. Authoring ring. */
import { canonicalJson, type Json } from '../kernel/json';

/** An escaped NUL in JSON text: an odd number of backslashes stands before the `u`. */
const ESCAPED_NUL = /(?<!\\)(?:\\\\)*\\u0000/;

export const holdsNul = (value: Json): boolean => ESCAPED_NUL.test(canonicalJson(value));
