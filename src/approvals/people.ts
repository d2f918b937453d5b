/**
 * What the rule of who may decide has to know of people: their lines of managers from the entity graph, what they have
 * granted each other, and who is barred.
 * Adapter ring. It decides nothing.
 */
import { ENTITY_LIMITS } from '../config/limits';
import type { Bundle } from '../config/bundle';
import { ENTITY_ID } from '../config/entity-id';
import type { Cortex } from '../cortex/cortex';
import type { GrantFacts, Line, PersonFacts } from '../governance/approval-people';
import { APPROVER_LEVELS, atLeast, type ApproverLevel } from '../governance/mode';
import type { Json } from '../kernel/json';
import type { DecisionKeyStore } from '../store/decision-keys';
import type { Absence } from './decision';
import type { Signatures } from './signing';
import { ABSENCE, GRANT, saidIn } from './words';

/** Relation of an entity to who answers for it, and fields of a person. Their names are ours; that they exist is configuration. */
const MANAGER = 'manager';
const LEVEL = 'approvalLevel';
const ROLES = 'roles';
/** Fields on which it hangs who may decide: nobody says them of themselves. */
export const TRUSTED_FIELDS: readonly string[] = [LEVEL, ROLES];

export interface PeopleParts {
  readonly cortex: Pick<Cortex, 'get' | 'chain' | 'related'>;
  readonly bundleOf: (tenant: string) => Promise<Bundle>;
  readonly store: Pick<DecisionKeyStore, 'people'>;
  readonly signatures: Pick<Signatures, 'verify'>;
}

/** One as the graph knows them; one whom it does not know is a user, and has the roles of their token alone. */
export async function personOf(
  { cortex }: Pick<PeopleParts, 'cortex'>,
  tenant: string,
  { name, roles = [] }: { readonly name: string; readonly roles?: readonly string[] },
): Promise<PersonFacts> {
  const fields = ENTITY_ID.test(name) ? ((await cortex.get(tenant, name))?.fields ?? {}) : {};
  return { name, level: levelIn(fields[LEVEL]), roles: [...new Set([...roles, ...textsIn(fields[ROLES])])] };
}

/** Lines of managers of an entity and of who started its outcome; those that nobody knows are left out. */
export async function linesOf(
  { cortex, bundleOf }: Pick<PeopleParts, 'cortex' | 'bundleOf'>,
  tenant: string,
  of: readonly string[],
): Promise<readonly Line[]> {
  const bundle = await bundleOf(tenant);
  const lines: Line[] = [];
  for (const id of new Set(of)) {
    if (!ENTITY_ID.test(id)) continue;
    const chain = await cortex.chain(bundle, id, MANAGER);
    if (!chain.ok || chain.value.entities.length === 0) continue;
    const { entities, end } = chain.value;
    lines.push({ of: id, managers: entities.map((one) => one.id), endsAtTop: end === 'top' });
  }
  return lines;
}

/**
 * Grants to one person that hold at this instant, for this task or for all. Each is believed for its signature alone: a row, or the history of a control
 * workflow that somebody began by hand, is no grant.
 */
export async function grantsTo(
  parts: PeopleParts,
  tenant: string,
  { to, at, task }: { readonly to: string; readonly at: number; readonly task: string },
): Promise<readonly GrantFacts[]> {
  const rows = await parts.store.people(tenant);
  const absences: Absence[] = [];
  for (const row of rows) {
    if (!row.kind.startsWith('absence:')) continue;
    const absence = await saidIn(parts.signatures, tenant, row, ABSENCE);
    if (absence !== undefined && absence.from <= at && at < absence.until) absences.push(absence);
  }
  const grants: GrantFacts[] = [];
  for (const row of rows) {
    if (!row.kind.startsWith('grant:') || !row.kind.endsWith(`:${to}`)) continue;
    const grant = await saidIn(parts.signatures, tenant, row, GRANT);
    if (grant?.to !== to) continue;
    if (grant.at > at || at >= grant.until) continue;
    if (grant.task !== undefined && grant.task !== task) continue;
    // Who is away must have named their stand-in before they went.
    const isAway = absences.some((one) => one.person === grant.from && grant.at < one.at);
    if (grant.when === 'absent' && !isAway) continue;
    const { from, level } = grant;
    // To hand on a level takes somebody of that level alone: a name or a role that is asked for is more.
    const isPart = level !== null && !atLeast(APPROVER_LEVELS, level, await rankOf(parts, tenant, from));
    grants.push({ from: await personOf(parts, tenant, { name: from }), to, level, isPart });
  }
  return grants;
}

/**
 * The tier that somebody belongs to, for what may be handed to them: as their entity says, or by whom they lead: people, those
 * who lead people, or all.
 */
export async function rankOf(
  { cortex, bundleOf }: Pick<PeopleParts, 'cortex' | 'bundleOf'>,
  tenant: string,
  name: string,
): Promise<ApproverLevel> {
  const own = (await personOf({ cortex }, tenant, { name })).level;
  if (own !== null) return own;
  const bundle = await bundleOf(tenant);
  const reports = await cortex.related(bundle, name, 'reports');
  if (!reports.ok || reports.value.length === 0) return 'user';
  for (const { id } of reports.value.slice(0, ENTITY_LIMITS.page)) {
    const theirs = await cortex.related(bundle, id, 'reports');
    if (theirs.ok && theirs.value.length > 0) return 'director';
  }
  return 'manager';
}

const levelIn = (value: Json | undefined): ApproverLevel | null =>
  APPROVER_LEVELS.find((level) => level === value) ?? null;

const textsIn = (value: Json | undefined): readonly string[] => {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((role) => role !== '');
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
};
