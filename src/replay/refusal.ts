/** How replay says no; use cases hand it on as it is. Adapter ring. */
import type { REPLAY_PROBLEMS } from '../kernel/catalogue';
import type { Diagnostic } from '../kernel/diagnostic';
import { err, type Result } from '../kernel/result';

export interface ReplayRefusal {
  readonly code: keyof typeof REPLAY_PROBLEMS;
  /** Lower case, no final stop. */
  readonly message: string;
  readonly help?: string;
  readonly diagnostics?: readonly Diagnostic[];
}

export const refuseReplay = (
  code: ReplayRefusal['code'],
  message: string,
  more: Pick<ReplayRefusal, 'help' | 'diagnostics'> = {},
): Result<never, ReplayRefusal> => err({ code, message, ...more });
