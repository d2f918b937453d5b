/** Every shipped runbook, in every configuration, on every path, at every point of failure: the world is restored. */
import { contracts } from '../../../activities';
import { runbooks } from '../../../runbooks';
import { compile } from '../../../src/compiler/compile';
import { configurationsOf } from '../../../src/compiler/configurations';
import { catalogOf } from '../../../src/dsl/catalog';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import { verify } from '../../../src/simulator/verify';
import { RETRY, given, sha256 } from '../../kit/compile';

const SARAH = {
  id: 'person:sarah.chen',
  fields: {
    name: 'Sarah Chen',
    email: 'sarah.chen@acme.test',
    workdayId: 'Contingent_Worker_ID=sarah.chen',
    contractEnd: '2027-05-31',
    deviceGroup: 'devices-sarah.chen',
  },
};

const BOUND = {
  groups: ['contractors', 'engineering'],
  channels: ['engineering', 'onboarding'],
  device: 'mac',
  approval: 'none',
  urgency: 'planned',
  department: 'Design',
  joinGroups: ['design'],
  leaveGroups: ['engineering'],
  joinChannels: ['design', 'random'],
  directoryUid: 'sarah.chen',
  directory: true,
};

const catalog = catalogOf(contracts, runbooks);
const byName = new Map(contracts.map((contract) => [contract.name, contract]));

describe.each(runbooks.map((runbook) => [runbook.id, runbook] as const))('%s', (_id, runbook) => {
  it('returns the world to where it was from every path and every failure on it', async () => {
    const known = Object.keys(runbook.params.shape);
    const bound = given(Object.fromEntries(Object.entries(BOUND).filter(([name]) => known.includes(name))));
    const points = configurationsOf(runbook, {
      params: bound,
      entity: SARAH.fields,
      runbooks: catalog.runbooks,
    });
    if (!points.ok) throw new Error(points.error.map(printDiagnostic).join('\n'));
    expect(points.value.length).toBeGreaterThan(0);
    let walked = 0;
    for (const { params, entity } of points.value) {
      const compiled = compile({
        runbook,
        tenant: 'acme',
        entity: { id: SARAH.id, fields: entity },
        params,
        catalog,
        ruleset: '',
        retry: RETRY,
        digest: sha256,
      });
      if (!compiled.ok) throw new Error(compiled.error.map(printDiagnostic).join('\n'));
      const verified = await verify({ plan: compiled.value.plan, contracts: byName });
      expect(verified.problems.slice(0, 3)).toEqual([]);
      expect(verified.truncated).toBe(false);
      const acts = compiled.value.plan.body.nodes.length > 0;
      expect(verified.failurePoints > 0).toBe(acts);
      walked += verified.runs;
    }
    process.stdout.write(`${runbook.id}: ${points.value.length} configurations, ${walked} runs walked\n`);
  });
});
