import { FlowlineError } from '@flowline/events';
import { initBackend } from '@flowline/flows';

import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import type { DensityData } from './data.ts';
import { dataNames, defaultFolder, readData } from './data.ts';
import { columns } from './columns.ts';
import type { FamilyName } from './models.ts';
import { defaultFamilies, familiesOf, familyNames, modelOf, peersOf } from './models.ts';
import type { DensityRow, Entry } from './rows.ts';
import { rowsOf } from './rows.ts';
import { trainOurs } from './train-ours.ts';
import { trainPeer, withRowsOnDisk } from './train-peer.ts';

/** Share of the steps that --quick trains for. */
const QUICK_SHARE = 0.1;

/**
 * Density estimation benchmark: our flows, and with --peers those of zuko and nflows, on the same
 * rows with the same step budgets.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('density', args, {
      data: { value: 'A,B', meaning: `some of ${dataNames.join(', ')}; default all` },
      families: {
        value: 'A,B',
        meaning: `some of ${familyNames.join(', ')}, or all; default ${defaultFamilies.join(',')}`,
      },
      peers: { meaning: 'train zuko and nflows too' },
      steps: { value: 'N', meaning: "instead of each data set's own number, for a trial" },
      seed: { value: 'N', meaning: 'of our weights and batches, default 1' },
      from: { value: 'DIR', meaning: 'a folder of such data, default ../shared/data/flows' },
    });
    const names = options.among('data', dataNames, dataNames);
    const families = options.among('families', familyNames, defaultFamilies);
    const steps = options.count('steps', undefined);
    const seed = options.count('seed', 1);
    await initBackend('wasm');
    console.log(describeMachine());
    const rows: DensityRow[] = [];
    for (const name of names) {
      const data = await readData(options.get('from') ?? defaultFolder, name);
      const budget = steps ?? Math.round(data.steps * (options.quick ? QUICK_SHARE : 1));
      const entries = await compared(data, families, budget, { seed, peers: options.has('peers') });
      const found = rowsOf(data, entries);
      rows.push(...found);
      console.log(
        `\n${name}: ${data.features} features, ${data.train.size} training rows, ${data.test.size} test rows`,
      );
      printTable(columns(data), found);
    }
    if (options.json) printJson({ bench: 'density', rows });
  },
};

/** Trains all models of a data set, one after another. */
async function compared(
  data: DensityData,
  families: readonly FamilyName[],
  steps: number,
  { seed, peers }: { readonly seed: number; readonly peers: boolean },
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const family of familiesOf(families, data)) {
    const scored = await trainOurs(modelOf(family, data), data, steps, seed);
    entries.push({ library: 'flowline', family, scored });
  }
  if (!peers) return entries;
  return withRowsOnDisk(data, async (folder) => {
    for (const model of families.flatMap((family) => peersOf(family, data))) {
      const scored = await trainPeer(folder, model, data, steps);
      if (scored.logProb.length !== data.test.size) {
        throw new FlowlineError('FLOWLINE_USAGE', `${model.library} scored ${scored.logProb.length} rows`, {
          where: `${data.name}, ${data.test.size} test rows`,
        });
      }
      entries.push({ library: model.library, family: model.family, scored });
    }
    return entries;
  });
}
