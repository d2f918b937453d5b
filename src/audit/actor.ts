/** Who an act is laid to, from the name it was done under. Pure ring. */
import type { Actor } from './record';

/** `person:…` are people, `automation:…` is the engine by a rule; all else is some system. */
export function actorOf(name: string): Actor {
  if (name.startsWith('person:')) return { kind: 'person', id: name };
  return { kind: name.startsWith('automation:') ? 'engine' : 'system', id: name };
}
