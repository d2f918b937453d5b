/** `backstep catalog`: the runbooks and AWFs there are. Entry ring. */
import { shipped } from '../../app/catalog';
import { awfRow, runbookRows } from '../../app/catalog-rows';
import { didYouMean } from '../../kernel/diagnostic';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { table } from '../table';

interface CatalogOptions extends CommonOptions {
  readonly system?: string;
}

export async function catalog(
  context: CommandContext,
  [what]: readonly [what?: 'awfs' | 'runbooks'],
  options: CatalogOptions,
): CommandResult {
  const { terminal } = context;
  const all = shipped();
  const awfs = [...all.contracts.values()].filter(
    (awf) => options.system === undefined || awf.system === options.system,
  );
  if (options.system !== undefined && awfs.length === 0) {
    const systems = [...new Set([...all.contracts.values()].map(({ system }) => system))];
    throw usage(
      `no AWF is on a system \`${options.system}\``,
      didYouMean(options.system, systems) ?? `there are ${systems.map((name) => `\`${name}\``).join(', ')}`,
    );
  }
  const listsRunbooks = what !== 'awfs' && options.system === undefined;
  const listsAwfs = what !== 'runbooks';
  if (options.json) {
    terminal.json({
      ...(listsRunbooks ? { runbooks: runbookRows(all) } : {}),
      ...(listsAwfs ? { awfs: awfs.map(awfRow) } : {}),
    });
    return Promise.resolve(0);
  }
  const { bold, dim } = terminal.colours;
  if (listsRunbooks) {
    const rows = runbookRows(all).map((r) => [r.outcome, r.id, `v${r.version}`, r.domain, r.summary]);
    for (const line of table(rows, (cell, column) => (column === 0 ? bold(cell) : cell))) terminal.line(line);
  }
  if (listsRunbooks && listsAwfs) terminal.line();
  if (listsAwfs) {
    const rows = awfs.map((awf) => [
      awf.name,
      awf.effect,
      awf.compensation === undefined ? '' : `comp=${awf.compensation.awf}`,
      awf.summary,
    ]);
    for (const line of table(rows, (cell, column) => (column === 2 ? dim(cell) : cell))) terminal.line(line);
  }
  return Promise.resolve(0);
}
