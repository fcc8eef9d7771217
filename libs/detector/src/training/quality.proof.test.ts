import { beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createScorer } from '@flowline/engine';
import { fitEncoding, selectRows, type FeatureTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';
import { logDensities } from '../log-densities.ts';
import { chooseTrainer } from './choose-training.ts';
import { architectureOf, newFlow } from './families.ts';
import { trainFlow } from './train-flow.ts';

const folder = fileURLToPath(new URL('../../../../../shared/data/anomaly/', import.meta.url));
const isThere = existsSync(folder);
const isRequired = process.env.FLOWLINE_REQUIRE_SHARED === '1';
if (!isThere && !isRequired) console.warn(`Skipped: the labelled anomaly sets are not at ${folder}`);

/** Rows of numbers, of which the last is the label (1 = anomaly). */
const load = (name: string): number[][] =>
  gunzipSync(readFileSync(`${folder}${name}.csv.gz`))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));

const tableOf = (rows: readonly number[][]): FeatureTable => {
  const numericWidth = (rows[0]?.length ?? 1) - 1;
  const numeric = Float64Array.from(rows.flatMap((row) => row.slice(0, numericWidth)));
  return { size: rows.length, numeric, numericWidth, levels: [], levelWidth: 0 };
};

/**
 * Area under the ROC curve, with ties counted half: the probability that an anomaly has the larger
 * score.
 */
const auroc = (scores: Float64Array, labels: readonly number[]): number => {
  const order = Array.from(scores, (score, i) => ({ score, label: labels[i] })).sort((a, b) => a.score - b.score);
  let [below, wins, anomalies] = [0, 0, 0];
  for (const { label } of order) {
    if (label === 1) {
      anomalies += 1;
      wins += below;
    } else below += 1;
  }
  return wins / (anomalies * below);
};

/**
 * One-class protocol: train on half of the normal rows, rank the rest and the anomalies by −log p.
 */
const areaAfter = async (name: string, steps: number): Promise<number> => {
  const random = new Random(1000);
  const rows = load(name);
  const normal = rows.filter((row) => row.at(-1) === 0);
  const order = [...random.permutation(normal.length)];
  const half = Math.floor(normal.length / 2);
  const trained = tableOf(order.slice(0, half).map((i) => normal[i]!));
  const tested = [...order.slice(half).map((i) => normal[i]!), ...rows.filter((row) => row.at(-1) === 1)];
  const schema = Array.from({ length: trained.numericWidth }, (_, i) => ({
    name: `f${i}`,
    type: 'real' as const,
    from: `f${i}`,
    role: 'score' as const,
    nullable: false,
    maxLevels: 64,
    period: null,
  }));
  const encoding = fitEncoding(schema, trained);
  const cut = Math.floor(half * 0.9);
  const part = (from: number, to: number) =>
    encoding.encode(
      selectRows(
        trained,
        Array.from({ length: to - from }, (_, i) => from + i),
      ),
    );
  const flow = newFlow(encoding, 0, { ...architectureOf('realNVP'), partition: null, layers: null });
  const { fit } = await chooseTrainer(flow, { tensors: 'tfjs-wasm' });
  await trainFlow(
    flow,
    encoding,
    {
      train: { size: cut, rowsAt: (indices) => encoding.split(encoding.encode(selectRows(trained, indices))) },
      validation: encoding.split(part(cut, half)),
    },
    {
      fit: (...fitted) => fit(...fitted, 1),
      seed: 0,
      start: 'cold',
      data: 'clean',
      steps,
      maxMs: Infinity,
      onProgress: () => undefined,
    },
  );
  const scorer = await createScorer([flow], { backend: 'tfjs-wasm' });
  const { logDensityNats } = await logDensities(scorer, encoding, tableOf(tested));
  flow.dispose();
  return auroc(
    logDensityNats.map((logP) => -logP),
    tested.map((row) => row.at(-1) ?? 0),
  );
};

(isThere || isRequired ? describe : describe.skip)('the recipe ranks anomalies of real tables', () => {
  beforeAll(() => initBackend('wasm'));

  // Floors of the full recipe. On these sets, fewer steps than its 1,000 reach them.
  it.each([
    ['thyroid', 0.98, 150],
    ['wdbc', 0.99, 100],
    ['breastw', 0.96, 100],
  ])('%s: AUROC of at least %p', async (name, floor, steps) => {
    const area = await areaAfter(name, steps);
    expect(area).toBeGreaterThanOrEqual(floor);
  });
});
