import { Detector, trainDetector } from '@flowline/detector';
import { at, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';

import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';

/** Highest time of an explanation, in milliseconds, by the number of features. */
const GOALS: ReadonlyMap<number, number> = new Map([
  [10, 1.5],
  [64, 8],
  [256, 25],
]);
const HISTORY = { train: 3_000, validation: 500, calibration: 2_000, test: 500 };
const STEPS = 400;
/** Anomalies that are explained together, as a batch of the scorer has them during an incident. */
const PAGE = 16;

/** Median time of an explanation, in milliseconds per anomaly. */
interface ExplanationRow {
  readonly features: number;
  readonly wallMs: number;
  /** CPU time of the process: what an anomaly takes from the stream, also on a busy machine. */
  readonly cpuMs: number;
  readonly goalMs: number;
}

/** Explanations benchmark: time to explain an anomaly with a trained model, on one thread. */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('explanations', args, {});
    const pages = options.quick ? 5 : 25;
    console.log(describeMachine());
    await initBackend('wasm');
    const rows: ExplanationRow[] = [];
    for (const [features, goalMs] of GOALS) rows.push({ features, ...(await measure(features, pages)), goalMs });
    const number = (key: keyof ExplanationRow, title: string) =>
      ({ title, align: 'right', text: (row: ExplanationRow) => row[key].toLocaleString('en') }) as const;
    printTable(
      [number('features', 'features'), number('wallMs', 'ms'), number('cpuMs', 'CPU ms'), number('goalMs', 'goal, ms')],
      rows,
    );
    if (options.json) printJson({ bench: 'explanations', rows });
  },
};

async function measure(features: number, pages: number): Promise<Pick<ExplanationRow, 'wallMs' | 'cpuMs'>> {
  const detector = await trainedDetector(features);
  const anomalies = correlatedTable(features, PAGE, 2);
  for (let row = 0; row < PAGE; row++) anomalies.numeric[row * features + ((7 * row) % features)] = 3 + row / 2;
  const scores = await detector.score(anomalies);
  const all = Array.from({ length: PAGE }, (_, row) => row);
  const explained = async (): Promise<{ readonly wallMs: number; readonly cpuMs: number }> => {
    const [startMs, cpu] = [performance.now(), process.cpuUsage()];
    await detector.explain(anomalies, all, scores);
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs: (performance.now() - startMs) / PAGE, cpuMs: (user + system) / 1_000 / PAGE };
  };
  for (let i = 0; i < pages; i++) await explained();
  const measured = [];
  for (let i = 0; i < pages; i++) measured.push(await explained());
  detector.dispose();
  return {
    wallMs: rounded(median(measured.map((one) => one.wallMs))),
    cpuMs: rounded(median(measured.map((one) => one.cpuMs))),
  };
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;

async function trainedDetector(features: number): Promise<Detector> {
  const schema = Array.from({ length: features }, (_, i): FeatureSpec => {
    const name = `x${i}`;
    return { name, type: 'real', from: name, role: 'score', nullable: false, maxLevels: 64, period: null };
  });
  const sizes = Object.values(HISTORY);
  const table = correlatedTable(
    features,
    sizes.reduce((sum, size) => sum + size, 0),
    1,
  );
  let start = 0;
  const next = (size: number): FeatureTable => sliceTable(table, start, (start += size));
  const parts = {
    train: next(HISTORY.train),
    validation: next(HISTORY.validation),
    calibration: next(HISTORY.calibration),
    test: next(HISTORY.test),
  };
  const spec = { name: 'bench', schema, lookups: {}, family: 'realNVP', seed: 7, members: 1, alpha: 1e-3 } as const;
  const { bundle } = await trainDetector({ ...spec, data: 'clean', steps: STEPS }, parts, {});
  return Detector.create(bundle, { alpha: 1e-3, backend: 'wasm' });
}

/** Events whose features follow common factors, a fifth as many. */
function correlatedTable(features: number, rows: number, seed: number): FeatureTable {
  const [weights, random] = [new Random(features), new Random(seed)];
  const factors = Math.max(2, Math.round(features / 5));
  const loadings = Array.from({ length: features * factors }, () => weights.normal() / Math.sqrt(factors));
  const numeric = new Float64Array(rows * features);
  for (let row = 0; row < rows; row++) {
    const common = Array.from({ length: factors }, () => random.normal());
    for (let i = 0; i < features; i++) {
      const own = loadings.slice(i * factors, (i + 1) * factors);
      numeric[row * features + i] = own.reduce((sum, weight, k) => sum + weight * at(common, k), 0.3 * random.normal());
    }
  }
  return { size: rows, numeric, numericWidth: features, levels: [], levelWidth: 0 };
}
