/** Puts the entities of `seed.yaml` into the graph. Adapter ring. */
import type { Bundle } from '../config/bundle';
import type { EntityUpdate } from '../config/entity-model';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Cortex } from './cortex';

export interface Seeded {
  readonly added: number;
  readonly changed: number;
  readonly mistakes: readonly Diagnostic[];
}

/** Doing it again changes nothing; whatever an event or a person has said since is later than the seed and stays. */
export async function seedCortex(
  cortex: Cortex,
  bundle: Bundle,
  seed: readonly EntityUpdate[],
): Promise<Seeded> {
  let [added, changed] = [0, 0];
  const mistakes: Diagnostic[] = [];
  for (const update of seed) {
    const told = await cortex.upsert(bundle, update, { at: 0, by: 'seed' });
    if (!told.ok) mistakes.push(...told.error);
    else if (told.value.isNew) added++;
    else if (told.value.isChanged) changed++;
  }
  return { added, changed, mistakes };
}
