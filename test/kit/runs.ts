/**
 * How many cases a property is asked for: enough for a build, and with `BACKSTEP_PROPERTY_TIMES` as many times that as somebody has time for.
 */
const TIMES = Number(process.env['BACKSTEP_PROPERTY_TIMES'] ?? 1);

/** @param usual cases in a build */
export const runs = (usual: number): number => usual * TIMES;
