import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backendTable } from '@flowline/engine';
import type { FeatureSpec } from '@flowline/events';
import { createRecordReader, sliceTable, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';
import { at } from '@flowline/events';
import { buildAlert } from './alert.ts';
import { smallestPValue } from './calibration/calibration.ts';
import { Detector } from './detector.ts';
import { bundleSha256, loadBundle, saveBundle } from './bundle/save-bundle.ts';
import type { Scores } from './scores.ts';
import { trainDetector } from './training/train-detector.ts';
import type { DetectorTrainingSpec, TrainingProgress } from './training/training-spec.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  type,
  from: name,
  role: type === 'cyclic' ? 'context' : 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
  ...more,
});

/**
 * Latency rises with size, and doubles on route b. Retries are rare whole numbers. CPU is sometimes
 * not reported.
 */
const schema = [
  feature('size', 'real'),
  feature('latency_ms', 'positive'),
  feature('retries', 'integer'),
  feature('cpu', 'real', { nullable: true }),
  feature('route', 'categorical'),
];
const record = (random: Random): Record<string, unknown> => {
  const size = random.normal();
  const route = random.uniform() < 0.3 ? 'b' : 'a';
  return {
    size: 50 + 10 * size,
    latency_ms: Math.exp(5 + 0.6 * size + (route === 'b' ? Math.LN2 : 0) + 0.1 * random.normal()),
    retries: Math.floor(-Math.log(1 - random.uniform()) * 1.5),
    cpu: random.uniform() < 0.3 ? null : 0.5 + 0.1 * random.normal(),
    route,
  };
};
const reader = createRecordReader(schema, {});
const tableOf = (records: readonly unknown[]): FeatureTable => {
  const { table, faults } = reader.read(records);
  expect(faults).toEqual([]);
  return table;
};

const spec: DetectorTrainingSpec = {
  name: 'requests',
  schema,
  lookups: {},
  family: 'realNVP',
  seed: 7,
  members: 1,
  data: 'clean',
  alpha: 1e-3,
  steps: 150,
};
const random = new Random(42);
const history = tableOf(Array.from({ length: 11_000 }, () => record(random)));
const tables = {
  train: sliceTable(history, 0, 4000),
  validation: sliceTable(history, 4000, 4500),
  calibration: sliceTable(history, 4500, 8500),
  test: sliceTable(history, 8500, 11_000),
};
const normal = { size: 50, latency_ms: Math.exp(5), retries: 1, cpu: 0.5, route: 'a' };

describe('a detector, trained', () => {
  const progress: TrainingProgress[] = [];
  let trained: Awaited<ReturnType<typeof trainDetector>>;
  let detector: Detector;

  beforeAll(async () => {
    trained = await trainDetector(spec, tables, { onProgress: (each) => progress.push(each) });
    detector = await Detector.create(trained.bundle, { alpha: 1e-3, backend: 'tfjs-wasm' });
  }, 120_000);
  afterAll(() => detector.dispose());

  const scoreRecords = async (records: readonly unknown[]) => {
    const table = tableOf(records);
    const scores = await detector.score(table);
    const explanations = await detector.explain(
      table,
      records.map((_, row) => row),
      scores,
    );
    return { table, scores, explanations };
  };

  it('tells its progress, and reports what it measured', () => {
    expect(progress.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1])).toEqual([
      'features',
      'train',
      'calibrate',
      'test',
    ]);
    const { report, bundle } = trained;
    expect(report.members[0]?.curves.length).toBe(3);
    expect(report.calibration).toMatchObject({
      rows: 4000,
      trimmedRows: 0,
      undefinedRows: 0,
      hasTail: true,
      ownPatterns: 2,
    });
    expect(report.alarms.expectedRate).toBe(1e-3);
    // 2,500 rows at 1e-3, from 4,000 calibration rows: 15 or more have a probability of 1e-5.
    expect(report.alarms.alarms).toBeLessThan(15);
    expect(report.heldOut?.rows).toBe(2500);
    expect(bundle.metadata.history.train).toEqual({ rows: 4000, fromMs: null, toMs: null });
  });

  it('has learnt the density: its held-out likelihood is near the entropy', () => {
    // size: ½log(2πe·100); log latency | size, route: ½log(2πe·0.01), and dx/d log x = latency,
    // whose mean log is 5 + 0.3·log 2; retries: geometric with q = e^(−1/1.5); cpu:
    // 0.7·½log(2πe·0.01); route: H(0.3).
    const gaussian = (sd: number): number => 0.5 * Math.log(2 * Math.PI * Math.E * sd * sd);
    const q = Math.exp(-1 / 1.5);
    const geometric = -Math.log(1 - q) - (q / (1 - q)) * Math.log(q);
    const route = -0.3 * Math.log(0.3) - 0.7 * Math.log(0.7);
    const entropy = gaussian(10) + gaussian(0.1) + 5 + 0.3 * Math.LN2 + geometric + 0.7 * gaussian(0.1) + route;
    const { nllNats } = trained.report.heldOut ?? { nllNats: NaN };
    expect(nllNats).toBeGreaterThan(entropy - 0.15);
    expect(nllNats).toBeLessThan(entropy + 0.5);
  });

  it('alarms on about alpha of normal rows, and on faults', async () => {
    const scores = await detector.score(tables.test);
    const alarms = [...scores.pValues].filter((p) => p <= 1e-2).length;
    expect(alarms).toBeGreaterThan(8);
    expect(alarms).toBeLessThan(50);
    const { scores: faults } = await scoreRecords([
      normal,
      { ...normal, latency_ms: 1000 },
      { ...normal, latency_ms: 30 },
      { ...normal, retries: 30 },
      { ...normal, cpu: 3 },
      { ...normal, size: 500 },
    ]);
    expect(faults.pValues[0]).toBeGreaterThan(0.05);
    for (const p of faults.pValues.slice(1)) expect(p).toBeLessThan(1e-3);
  });

  it('names the feature, its direction and what would be expected given the rest', async () => {
    const { explanations, scores: judged } = await scoreRecords([
      { ...normal, latency_ms: 1000 },
      { ...normal, latency_ms: 300, route: 'b' },
      { ...normal, retries: 40 },
      { ...normal, cpu: -2 },
    ]);
    const [slow, routed, retried, idle] = explanations;
    // A part is at most its whole.
    explanations.forEach(({ contributions }, i) => {
      const whole = -Math.log2(at(judged.pValues, i));
      for (const { bits } of contributions) expect(bits).toBeLessThanOrEqual(whole + 1e-9);
    });
    expect(slow?.contributions[0]).toMatchObject({ feature: 'latency_ms', direction: 'high' });
    expect(slow?.contributions[0]?.bits).toBeGreaterThan(10);
    // exp(5 ± 1.645·0.1) = 126–175, slightly wider because of the training noise.
    expect(slow?.expected.latency_ms?.p05).toBeGreaterThan(95);
    expect(slow?.expected.latency_ms?.p05).toBeLessThan(145);
    expect(slow?.expected.latency_ms?.p95).toBeGreaterThan(155);
    expect(slow?.expected.latency_ms?.p95).toBeLessThan(230);
    expect(slow?.summary).toMatch(
      /^latency_ms 1000, expected \d+–\d+ given the rest \(\d+\.\d bits; the event .*\d\)$/,
    );
    // On route b, latency doubles.
    expect(routed?.expected.latency_ms?.median).toBeGreaterThan(250);
    expect(routed?.contributions.find((each) => each.feature === 'latency_ms')?.bits).toBeLessThan(4);
    expect(retried?.contributions[0]).toMatchObject({ feature: 'retries', direction: 'high' });
    expect(retried?.summary).toMatch(/^retries 40, expected \d–\d given/);
    expect(idle?.contributions[0]).toMatchObject({ feature: 'cpu', direction: 'low' });
    expect(idle?.nearestNormal?.cpu).toBeGreaterThan(-1);
    expect(idle?.nearestNormal?.route).toBe('a');
    const nearest = await scoreRecords([idle?.nearestNormal]);
    expect(nearest.scores.pValues[0]).toBeGreaterThan(0.02);
  });

  it('explains unseen levels, leaves missing features out, and is honest about values outside their domain', async () => {
    const { scores, explanations, table } = await scoreRecords([
      { ...normal, route: 'zzz' },
      { ...normal, cpu: null, latency_ms: 2000 },
      { ...normal, latency_ms: -50 },
      { ...normal, size: 5e12 },
    ]);
    const [unseen, missing, outside, absurd] = explanations;
    expect(unseen?.contributions[0]).toMatchObject({ feature: 'route', direction: 'unlikely' });
    expect(unseen?.summary).toMatch(/^route zzz, unlikely \(\d+\.\d bits; the event/);
    expect(missing?.contributions.map((each) => each.feature)).toEqual(expect.not.arrayContaining(['cpu']));
    expect(missing?.nearestNormal?.cpu).toBeNull();
    expect(outside?.contributions).toEqual([{ feature: 'latency_ms', bits: -Math.log2(1e-12), direction: 'low' }]);
    expect(outside?.summary).toMatch(
      /^latency_ms −50, outside its domain, expected .*\(the event at least 39\.9 bits\)$/,
    );
    expect(outside?.nearestNormal).toBeNull();
    expect([scores.logDensityNats[2], scores.pValues[2], scores.pMethods[2]]).toEqual([
      -Infinity,
      smallestPValue,
      'floor',
    ]);
    expect([...scores.outOfDomain]).toEqual([0, 0, 1, 0]);
    expect(absurd?.contributions[0]?.feature).toBe('size');
    expect(absurd?.summary).toMatch(/^size 5e12, expected .* given the rest \(\S+ bits; the event at least 39\.9\)$/);
    const text = JSON.stringify(explanations);
    expect(text).not.toContain('null,"p05"');
    const alert = buildAlert({
      alpha: 1e-3,
      detector: 'requests',
      modelVersion: 3,
      bundle: trained.bundle,
      table,
      scores,
      row: 2,
      explanation: outside!,
      event: {
        ...{ topic: 't', topicId: null, partition: 1, offset: 99, id: 'e' },
        ...{ timeMs: Date.UTC(2024, 1, 29), entity: 'shop 7' },
      },
    });
    expect(alert).toMatchObject({
      reason: 'out_of_domain',
      score: { pValue: 1e-12, pMethod: 'floor', logDensityNats: null },
      observed: { latency_ms: -50, route: 'a' },
      model: { version: 3, family: 'realNVP', trainedRows: 4000 },
      event: { offset: 99, time: '2024-02-29T00:00:00.000Z', entity: 'shop 7' },
    });
    expect(JSON.parse(JSON.stringify(alert))).toEqual(alert);
  });

  it('gives a row the same score alone, in a batch and in any place of it', async () => {
    const whole = await detector.score(sliceTable(tables.test, 0, 300));
    for (const row of [0, 7, 299]) {
      const alone = await detector.score(sliceTable(tables.test, row, row + 1));
      expect(alone.logDensityNats[0]).toBe(whole.logDensityNats[row]);
    }
    expect((await detector.score(sliceTable(tables.test, 0, 0))).size).toBe(0);
  });

  it('on ONNX Runtime has the scores of WebAssembly, and its very explanations', async () => {
    if (backendTable.find(({ name }) => name === 'onnxruntime')?.fingerprint() === null && process.env.CI !== 'true') {
      console.info('skipped: onnxruntime-node is not installed');
      return;
    }
    // Beside this thread, on which it mistakes the arrays of a test for foreign ones.
    const options = { alpha: 1e-3, offThread: true, threads: 1 } as const;
    const onnx = await Detector.create(trained.bundle, { ...options, backend: 'onnxruntime' });
    const wasm = await Detector.create(trained.bundle, { ...options, backend: 'wasm' });
    const table = sliceTable(tables.test, 0, 300);
    const [found, expected] = [await onnx.score(table), await wasm.score(table)];
    expect(onnx.compute).toMatchObject({ backend: 'onnxruntime', why: 'it was requested by name' });
    expected.logDensityNats.forEach((logP, i) => expect(found.logDensityNats[i]).toBeCloseTo(logP, 3));
    expect(await onnx.explain(table, [0, 7], expected)).toEqual(await wasm.explain(table, [0, 7], expected));
    for (const each of [onnx, wasm]) each.dispose();
  });

  it('leaves no tensors behind', async () => {
    const work = () => scoreRecords([normal, { ...normal, cpu: 9 }, { ...normal, latency_ms: -1 }]);
    await work();
    const before = tf.memory().numTensors;
    await work();
    const other = await Detector.create(trained.bundle, { alpha: 1e-3, backend: 'tfjs-wasm' });
    other.dispose();
    await expect(other.score(tables.test)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    expect(tf.memory().numTensors).toBe(before);
  });

  describe('as a bundle', () => {
    const same = async (bytes: Uint8Array): Promise<Scores> => {
      const other = await Detector.create(loadBundle(bytes), { alpha: 1e-3, backend: 'tfjs-wasm' });
      const scores = await other.score(tables.test);
      other.dispose();
      return scores;
    };

    it('scores bit for bit the same after a round trip, and has the same bytes', async () => {
      const bytes = saveBundle(trained.bundle);
      expect(await same(bytes)).toEqual(await detector.score(tables.test));
      const loaded = loadBundle(bytes, bundleSha256(bytes), schema);
      expect(bundleSha256(saveBundle(loaded))).toBe(bundleSha256(bytes));
      expect(loaded.metadata).toEqual(trained.bundle.metadata);
      expect(loaded.calibration).toEqual(trained.bundle.calibration);
      expect(loaded.entity).toBeNull();
      const entity = { key: ['region', 'sku'], time: { field: 'at', unit: 's' } } as const;
      expect(loadBundle(saveBundle({ ...trained.bundle, entity })).entity).toEqual(entity);
    });

    it('refuses damaged bytes, other checksums, other formats and other features', () => {
      const bytes = saveBundle(trained.bundle);
      const broken = Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 9 ? byte ^ 1 : byte));
      const sha256 = bundleSha256(bytes);
      const corrupted = expect.objectContaining({ code: 'FLOWLINE_MODEL_CORRUPTED' });
      const incompatible = expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' });
      expect(() => loadBundle(broken, sha256)).toThrow(corrupted);
      expect(() => loadBundle(bytes.subarray(0, 1000))).toThrow(corrupted);
      expect(() => loadBundle(new Uint8Array(0))).toThrow(corrupted);
      const text = Buffer.from(bytes).toString('latin1');
      const edited = (from: string, to: string) => Buffer.from(text.replace(from, to), 'latin1');
      expect(() => loadBundle(edited('flowline.model', 'flowline.mOdel'))).toThrow(incompatible);
      expect(() => loadBundle(edited('"version":"2"', '"version":"4"'))).toThrow(incompatible);
      expect(() => loadBundle(bytes, sha256, schema.slice(1))).toThrow(incompatible);
      expect(() => loadBundle(trained.bundle.flows[0]!)).toThrow(incompatible);
    });
  });
});
