/**
 * Diagnostics: an author's mistakes, gathered and shown together, each with a place and a mend.
 * Pure ring. Rendering for a terminal lives with the CLI.
 */
import type { DiagnosticCode } from './catalogue';

export interface Diagnostic {
  /** Stable and readable, area first; every code stands in the catalogue. */
  readonly code: DiagnosticCode;
  /** Where, as typed addresses: `runbook onboard.contractor › node groups › input.user`, or `file:line`. */
  readonly at: string;
  /** `what: why`, lower case, the author's own text in backticks, no final stop. */
  readonly message: string;
  /** How to mend it; lower case, no final stop. */
  readonly help?: string;
}

/** The one-line form used in logs, errors and tests: `CODE at: message (help)`. */
export function printDiagnostic(diagnostic: Diagnostic): string {
  const help = diagnostic.help === undefined ? '' : ` (${diagnostic.help})`;
  return `${diagnostic.code} ${diagnostic.at}: ${diagnostic.message}${help}`;
}

/** Longest name that is compared, in characters: what we name is shorter, and comparing takes the product of both lengths. */
const LONGEST_NAME = 200;

/** `did you mean …?` for a name that is not among `known`, or `undefined` where nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const bound = Math.max(1, Math.floor(name.length / 3));
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of [...known].sort()) {
    if (Math.abs(candidate.length - name.length) > bound) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= bound && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best === undefined ? undefined : `did you mean \`${best.name}\`?`;
}

/** Insertions, deletions, substitutions and neighbour swaps that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(current[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, before[j - 2]! + 1);
      }
      current.push(distance);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}
