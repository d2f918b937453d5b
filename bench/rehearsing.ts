/** Events of contractors who are hired, rehearsed with the catalog and configuration of today, as the benches of replay and evidence time it. */
import { loadConfig } from '../src/app/configuration';
import { rehearseEvent } from '../src/app/replay/replay';
import { todayFor } from '../src/app/replay/today';
import { readSettings } from '../src/app/settings';

/** Rehearses the event with this number. */
export async function openRehearsal(): Promise<(i: number) => Promise<unknown>> {
  const config = await loadConfig(readSettings({}), 'acme');
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { seed } = config.value;
  const emails = seed.flatMap(({ fields }) =>
    fields['employment'] === 'contractor' && typeof fields['email'] === 'string' ? [fields['email']] : [],
  );
  const sent = (i: number) => ({
    specversion: '1.0',
    id: `bench-${i}`,
    source: '/hr',
    type: 'com.acme.hr.contractor.hired',
    data: { email: emails[i % emails.length]! },
  });
  const today = todayFor(config.value);
  const one = await rehearseEvent(sent(0), today);
  if (!one.ok) throw new Error(JSON.stringify(one.error));
  return (i) => rehearseEvent(sent(i), today);
}
