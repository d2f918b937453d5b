/**
 * The types that configuration values are written in, beyond zod's own: durations, shares, counts.
 * Authoring ring. A bound stands in the type, so that the registry, the check and the JSON Schema cannot differ.
 */
import { z } from 'zod';
import { durationMs, parseDuration, printDuration, type DurationText } from '../kernel/duration';

/** A duration as text (`90s`, `1h30m`), held as whole milliseconds. */
export function duration(min: DurationText, max: DurationText): z.ZodType<number, string> {
  const [least, most] = [durationMs(min), durationMs(max)];
  return z
    .string()
    .meta({ description: `a duration such as 90s or 1h30m, from ${min} to ${max}`, examples: [min, max] })
    .transform((text, context) => {
      const parsed = parseDuration(text);
      if (!parsed.ok) {
        context.addIssue({ code: 'custom', message: parsed.error });
        return z.NEVER;
      }
      if (parsed.value < least || parsed.value > most) {
        const message = `${printDuration(parsed.value)} is not between ${min} and ${max}`;
        context.addIssue({ code: 'custom', message, params: { outOfBounds: true } });
        return z.NEVER;
      }
      return parsed.value;
    });
}

/** A whole number from `min` to `max`. */
export const count = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);
