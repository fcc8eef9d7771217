import { Detector, type DetectorTrainingSpec, type ModelBundle, trainDetector } from '@flowline/detector';
import { at, decisionTests, type DecisionTest, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const FEATURES = 16;
const ALPHA = 1e-3;
const BATCHES = [1, 256, 4_096] as const;
const ROWS = { train: 28_000, validation: 4_000, calibration: 20_000, test: 8_000 } as const;
const WARM_UP = 3;

/** Cost of a test at a batch size. */
interface StatisticRow {
  readonly test: DecisionTest;
  readonly batch: number;
  /** CPU microseconds per event, of all threads: the median over windows. */
  readonly microseconds: number;
  /** Multiple of the density test's. */
  readonly ratio: number;
}

/**
 * Cost of `decision.test`: the same events of 16 features through a detector of each test, from
 * features to p-values on one thread, in turns.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('statistic', args, {
      seconds: { value: 'N', meaning: 'CPU seconds per test and batch size, default 5, with --quick 1' },
    });
    const seconds = options.count('seconds', options.quick ? 1 : 5);
    console.log(`statistic: ${FEATURES} features; ${describeMachine()}`);
    const events = normalEvents(16_384, new Random(2));
    const detectors: Detector[] = [];
    try {
      for (const test of decisionTests) {
        detectors.push(await Detector.create(await trained(test, options.quick), { alpha: ALPHA, backend: 'wasm' }));
      }
      const rows: StatisticRow[] = [];
      for (const batch of BATCHES) rows.push(...(await measured(detectors, events, batch, seconds)));
      printTable(
        [
          { title: 'test', text: ({ test }) => test },
          { title: 'batch', align: 'right', text: ({ batch }) => String(batch) },
          { title: 'CPU µs/event', align: 'right', text: ({ microseconds }) => microseconds.toFixed(2) },
          { title: 'of density', align: 'right', text: ({ ratio }) => `${ratio.toFixed(2)} ×` },
        ],
        rows,
      );
      if (options.json) printJson({ bench: 'statistic', rows });
    } finally {
      for (const detector of detectors) detector.dispose();
    }
  },
};

async function trained(test: DecisionTest, isQuick: boolean): Promise<ModelBundle> {
  const random = new Random(1);
  const spec: DetectorTrainingSpec = {
    ...{ name: 'statistic', schema: schema(), lookups: {}, family: 'realNVP', seed: 1, members: 1, data: 'clean' },
    ...{ alpha: ALPHA, test, steps: isQuick ? 200 : null },
  };
  const history = {
    train: normalEvents(ROWS.train, random),
    validation: normalEvents(ROWS.validation, random),
    calibration: normalEvents(ROWS.calibration, random),
    test: normalEvents(ROWS.test, random),
  };
  return (await trainDetector(spec, history)).bundle;
}

async function measured(
  detectors: readonly Detector[],
  events: FeatureTable,
  batch: number,
  seconds: number,
): Promise<StatisticRow[]> {
  const tables = Array.from({ length: Math.ceil(events.size / batch) }, (_, i) =>
    sliceTable(events, i * batch, Math.min(events.size, (i + 1) * batch)),
  );
  const costs = detectors.map((): number[] => []);
  const spent = detectors.map(() => 0);
  for (let window = 0; window < WARM_UP + 3 || spent.some((each) => each < seconds); window++) {
    for (const [d, detector] of detectors.entries()) {
      const start = process.cpuUsage();
      for (const table of tables) await detector.score(table);
      const { user, system } = process.cpuUsage(start);
      spent[d] = at(spent, d) + (user + system) / 1e6;
      if (window >= WARM_UP) at(costs, d).push((user + system) / events.size);
    }
  }
  const each = costs.map((of) => median(of));
  return decisionTests.map((test, d) => ({
    ...{ test, batch, microseconds: at(each, d) },
    ratio: at(each, d) / at(each, 0),
  }));
}

/** Features that follow four common factors. */
function normalEvents(size: number, random: Random): FeatureTable {
  const numeric = new Float64Array(size * FEATURES);
  for (let row = 0; row < size; row++) {
    const factors = [random.normal(), random.normal(), random.normal(), random.normal()];
    for (let i = 0; i < FEATURES; i++) {
      const common = factors.reduce((sum, factor, f) => sum + factor * Math.sin(1 + i * (f + 1)), 0);
      numeric[row * FEATURES + i] = common + 0.5 * random.normal();
    }
  }
  return { size, numeric, numericWidth: FEATURES, levels: [], levelWidth: 0 };
}

function schema(): readonly FeatureSpec[] {
  return Array.from({ length: FEATURES }, (_, i) => ({
    ...{ name: `f${i}`, type: 'real', from: `f${i}`, role: 'score', nullable: false, maxLevels: 64, period: null },
  }));
}
