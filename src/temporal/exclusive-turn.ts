/**
 * A turn between processes as an effect sees it: one that could not be had is a failure that passes, before any effect.
 * Adapter ring.
 */
import { EffectError } from '../dsl/effect';
import type { Exclusive } from '../store/exclusive';
import { StoreError } from '../store/store-error';

/** Throws EffectError in place of StoreError, which comes before the work was begun. */
export const exclusiveTurn =
  (exclusive: Exclusive): Exclusive =>
  async (thing, work) => {
    try {
      return await exclusive(thing, work);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new EffectError({
        class: 'transient',
        code: 'SYSTEM_CONTENDED',
        message: 'others are changing the same thing',
        effect: 'none',
      });
    }
  };
