/**
 * Times as they are typed and shown.
 * Entry ring.
 */
import { readMoment } from '../kernel/moment';
import { usage } from './complaint';

/**
 * Milliseconds since the epoch of a time in ISO 8601; without a zone it is UTC, on any machine.
 * @param option what took it, such as `--since`
 */
export function timeOf(option: string, text: string): number {
  const moment = readMoment(text);
  if (moment === undefined) {
    const help = 'it is UTC where it names no zone; `2026-11-21T09:00+01:00` names one';
    throw usage(`\`${option}\` takes a time such as \`2026-11-21T08:00Z\`, not \`${text}\``, help);
  }
  return moment.at;
}

export const isoOf = (at: number): string => new Date(at).toISOString();
