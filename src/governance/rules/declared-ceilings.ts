/**
 * Ceilings that a contract, runbook, node, integration or configuration declares; the strictest counts.
 * Pure ring.
 */
import { strictestMode } from '../mode';
import type { CeilingRule } from '../rule';

export const DECLARED_CEILINGS: CeilingRule = {
  rule: 'declared-ceilings',
  spec: '4.3, DESIGN 6',
  judge: ({ facts: { ceilings } }) => {
    if (ceilings.length === 0) return { verdict: 'autopilot', because: 'no ceiling is declared' };
    const verdict = strictestMode(ceilings.map(({ mode }) => mode));
    const whose = ceilings.filter(({ mode }) => mode === verdict).map(({ source }) => `\`${source}\``);
    return {
      verdict,
      because: `${[...new Set(whose)].sort().join(', ')} declares ${verdict} as the most`,
      release: 'a change of the declared ceiling',
      cause: 'ceiling',
    };
  },
};
