import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Flow, initBackend, Random, realNVP, StandardNormal } from '@flowline/flows';
import type { Bijector } from '@flowline/flows';
import type { ScoringBackend } from '@flowline/events';
import * as tf from '@tensorflow/tfjs-core';

import type { BackendEntry } from '../targets/backend-entry.ts';
import { backendEntry } from './backend-table.ts';
import { createScorer } from '../create-scorer.ts';
import { backendTable } from './backend-table.ts';
import { selectScorer } from './select.ts';
import { normalRows, randomizeWeights } from '../testing/random-flow.ts';
import { errorInTolerances } from './tolerance.ts';
import { memoryCache } from './verdict-cache.ts';

/** Fake backend of the table: the reference, biased, broken or delayed. */
const fake = (
  name: ScoringBackend,
  more: Partial<BackendEntry> & { delayMs?: number; bias?: number },
): BackendEntry => {
  const reference = backendEntry('reference');
  const { delayMs = 0, bias = 0 } = more;
  return {
    ...reference,
    name,
    role: 'candidate',
    probe: () => Promise.resolve({ available: true, device: `a ${name}`, software: false }),
    create: async (of, options) => {
      const scorer = await reference.create(of, options);
      return {
        name,
        score: async (rows, n) => {
          if (n > 1) await new Promise((resolve) => setTimeout(resolve, delayMs));
          // Rates depend on the delay, not on the reference.
          return n > 100 ? new Float64Array(n) : (await scorer.score(rows, n)).map((value) => value + bias);
        },
        latent: (rows, n) => scorer.latent(rows, n),
        gradient: (rows, n) => scorer.gradient(rows, n),
        dispose: () => scorer.dispose(),
      };
    },
    ...more,
  };
};

const tableOf = (...candidates: readonly BackendEntry[]): readonly BackendEntry[] => [
  ...candidates,
  backendEntry('reference'),
  backendEntry('tfjs-wasm'),
];

describe('auto', () => {
  let flow: Flow;
  beforeAll(async () => {
    await initBackend('wasm');
    flow = realNVP({ features: 4, layers: 4, hidden: [16, 16], seed: 1 });
    randomizeWeights(flow, 2);
  });
  afterAll(() => flow.dispose());

  it('verifies and measures every candidate, and says what it chose and why', async () => {
    const { scorer, backend, reason, trials } = await selectScorer([flow], {
      threads: 2,
      batchSize: 300,
      table: backendTable.filter(({ name }) => name !== 'webgpu'),
    });
    expect(trials.map((trial) => trial.backend).slice(0, 2)).toEqual(['wasm', 'wasm-pool']);
    for (const trial of trials.slice(0, 2)) {
      expect(trial.problem).toBeNull();
      expect(trial.worstError).toBeLessThanOrEqual(1);
      expect(trial.eventsPerSecond).toBeGreaterThan(1000);
    }
    expect(scorer.name).toBe(backend);
    expect(reason).toMatch(
      /^wasm(-pool)?: the fastest that is exact; at batch 300 wasm \(1 thread, .*SIMD\) [\d,]+ events\/s.*wasm-pool \(2 threads, .*\) [\d,]+/,
    );
    scorer.dispose();
  });

  it('takes no other cores where there is one thread', async () => {
    const scorer = await createScorer([flow], { backend: 'auto', threads: 1 });
    expect(scorer.name).toBe('wasm');
    const rows = normalRows(50, 4, new Random(3));
    const reference = await createScorer([flow], { backend: 'reference' });
    const exact = await reference.score(rows, 50);
    const scores = await scorer.score(rows, 50);
    scores.forEach((score, i) => expect(errorInTolerances(score, exact[i]!)).toBeLessThanOrEqual(1));
    scorer.dispose();
  });

  it('keeps the first unless another is clearly faster', async () => {
    const faster = tableOf(fake('wasm', { delayMs: 12 }), fake('wasm-pool', { delayMs: 2 }));
    expect(await selectScorer([flow], { table: faster, cache: memoryCache(), threads: 2 })).toMatchObject({
      backend: 'wasm-pool',
      device: 'a wasm-pool',
      why: 'the fastest that is exact',
    });
    const slower = tableOf(fake('wasm', { delayMs: 2 }), fake('wasm-pool', { delayMs: 6 }));
    expect((await selectScorer([flow], { table: slower, cache: memoryCache(), threads: 3 })).backend).toBe('wasm');
  });

  it('looks again at those that are close, because other work makes a measurement lower', async () => {
    let calls = 0;
    const disturbed: BackendEntry = {
      ...fake('wasm-pool', {}),
      create: async (of, options) => {
        const scorer = await fake('wasm-pool', { delayMs: 1 }).create(of, options);
        const slow = await fake('wasm-pool', { delayMs: 14 }).create(of, options);
        // All of the first measurement.
        return { ...scorer, score: (rows, n) => (n > 100 && ++calls <= 8 ? slow : scorer).score(rows, n) };
      },
    };
    const table = tableOf(fake('wasm', { delayMs: 10 }), disturbed);
    const { backend, trials } = await selectScorer([flow], { table, cache: memoryCache(), threads: 2 });
    expect(backend).toBe('wasm-pool');
    expect(trials[1]!.eventsPerSecond).toBeGreaterThan(2 * trials[0]!.eventsPerSecond!);
    expect(calls).toBeGreaterThan(8);
  });

  it('takes threads beside the calling one where they are about as fast, and not where they are much slower', async () => {
    // Long enough that scheduling delays of a busy machine are small in comparison.
    const equal = tableOf(fake('wasm', { delayMs: 50 }), fake('wasm-pool', { delayMs: 50 }));
    expect(
      (await selectScorer([flow], { table: equal, cache: memoryCache(), threads: 1, offThread: true })).backend,
    ).toBe('wasm-pool');
    const slow = tableOf(fake('wasm', { delayMs: 4 }), fake('wasm-pool', { delayMs: 16 }));
    expect(
      (await selectScorer([flow], { table: slow, cache: memoryCache(), threads: 2, offThread: true })).backend,
    ).toBe('wasm');
  });

  it.each([
    // Other code on the cores that the best takes already.
    { threads: 2, wasm: 60, pool: 30, onnx: 25, expected: 'onnxruntime' },
    { threads: 1, wasm: 30, pool: 30, onnx: 25, expected: 'onnxruntime' },
    // Two cores instead of one, for little.
    { threads: 2, wasm: 60, pool: 60, onnx: 57, expected: 'wasm' },
  ] as const)(
    'takes ONNX Runtime where it is faster on the same cores: $threads threads, $wasm, $pool and $onnx ms',
    async ({ threads, wasm, pool, onnx, expected }) => {
      const table = tableOf(
        fake('wasm', { delayMs: wasm }),
        fake('wasm-pool', { delayMs: pool }),
        fake('onnxruntime', { delayMs: onnx }),
      );
      expect((await selectScorer([flow], { table, cache: memoryCache(), threads })).backend).toBe(expected);
    },
  );

  it('proves and measures ONNX Runtime like any other, on threads beside the calling one', async () => {
    if (backendEntry('onnxruntime').fingerprint() === null && process.env.CI !== 'true') {
      console.info('skipped: onnxruntime-node is not installed');
      return;
    }
    const table = tableOf(backendEntry('wasm'), backendEntry('onnxruntime'));
    const { scorer, trials, reason } = await selectScorer([flow], { table, cache: memoryCache(), offThread: true });
    expect(trials[1]).toMatchObject({ backend: 'onnxruntime', problem: null });
    expect(trials[1]!.worstError).toBeLessThanOrEqual(1);
    expect(trials[1]!.eventsPerSecond).toBeGreaterThan(1000);
    expect(reason).toMatch(/onnxruntime \(\d+ threads? beside the calling one, ONNX Runtime [\d.]+\) [\d,]+ events/);
    scorer.dispose();
  });

  it('refuses a backend that is not exact, however fast, and says so', async () => {
    const table = tableOf(fake('wasm', { delayMs: 10 }), fake('wasm-pool', { bias: 0.01 }));
    const { backend, reason, trials } = await selectScorer([flow], { table, cache: memoryCache(), threads: 2 });
    expect(backend).toBe('wasm');
    expect(trials[1]).toMatchObject({ backend: 'wasm-pool', eventsPerSecond: null });
    expect(trials[1]!.worstError).toBeGreaterThan(10);
    expect(reason).toMatch(/wasm-pool \(a wasm-pool\) cannot be used, it is off from the reference by [\d.]+ times/);
  });

  it('never takes a software GPU, and says so', async () => {
    const software = { available: true, device: 'SwiftShader', software: true } as const;
    const table = tableOf(
      fake('wasm', { delayMs: 10 }),
      fake('wasm-pool', { delayMs: 1, probe: () => Promise.resolve(software) }),
    );
    const { backend, reason } = await selectScorer([flow], { table, cache: memoryCache(), threads: 2 });
    expect(backend).toBe('wasm');
    expect(reason).toMatch(/\(SwiftShader\) cannot be used, it is a program on the processor/);
  });

  it('falls back to tensors alone where nothing else can, and says why; without them it fails', async () => {
    const why = 'the driver is gone';
    const gone = fake('wasm', { probe: () => Promise.resolve({ available: false, why, remedy: 'Bring it back.' }) });
    const { backend, reason, scorer } = await selectScorer([flow], {
      table: tableOf(gone),
      cache: memoryCache(),
      threads: 1,
    });
    expect([backend, reason]).toEqual(['tfjs-wasm', `tfjs-wasm: ${why}`]);
    scorer.dispose();
    const named = createScorer([flow], { backend: 'wasm', table: tableOf(gone) });
    await expect(named).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
      message: `the backend 'wasm' cannot run here: ${why}`,
      remedy: expect.stringMatching(/^Bring it back/),
    });
    await expect(selectScorer([flow], { table: [gone, backendEntry('reference')] })).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
      message: expect.stringContaining(why),
    });
  });

  it('makes and verifies only the winner once there is a verdict, and tries all again when it is off', async () => {
    const cache = memoryCache();
    const made: string[] = [];
    let bias = 0;
    const counted = (name: ScoringBackend, delayMs: number): BackendEntry => ({
      ...fake(name, { delayMs }),
      create: (of, options) => {
        made.push(name);
        return fake(name, { delayMs, bias: name === 'wasm-pool' ? bias : 0 }).create(of, options);
      },
    });
    const select = () =>
      selectScorer([flow], { cache, threads: 2, table: tableOf(counted('wasm', 10), counted('wasm-pool', 1)) });
    expect((await select()).why).toBe('the fastest that is exact');
    made.length = 0;
    const again = await select();
    expect([again.backend, made]).toEqual(['wasm-pool', ['wasm-pool']]);
    expect(again.why).toBe('the fastest when it was measured here before');
    expect(again.trials[0]!.eventsPerSecond).toBeGreaterThan(0);
    bias = 1;
    const changed = await select();
    expect([changed.backend, changed.trials.map(({ backend }) => backend)]).toEqual(['wasm', ['wasm', 'wasm-pool']]);
  });

  it('gives the event loop its turn while it looks', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++);
    await selectScorer([flow], { cache: memoryCache(), threads: 2 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  it('scores flows without a compiled form through tensors, and says so', async () => {
    const twice: Bijector = {
      config: { type: 'twice' },
      inverseCost: 'parallel',
      forwardAndLogDet: (x) => [tf.mul(x, 2), tf.fill([x.shape[0]], Math.log(4))],
      inverseAndLogDet: (z) => [tf.mul(z, 0.5), tf.fill([z.shape[0]], -Math.log(4))],
      variables: new Map(),
      dispose: () => undefined,
    };
    const own = new Flow({ family: 'own', features: 2, context: 0, base: new StandardNormal(2), bijector: twice });
    const { scorer, backend, reason } = await selectScorer([own], {
      table: tableOf(backendEntry('wasm'), backendEntry('wasm-pool')),
    });
    expect(backend).toBe('tfjs-wasm');
    expect(reason).toMatch(/twice has no compiled form/);
    const [score] = await scorer.score(Float32Array.of(0, 1), 1);
    expect(score).toBeCloseTo(Math.log(4) - Math.log(2 * Math.PI) - 2, 5);
    await expect(createScorer([own], { backend: 'wasm' })).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
    });
    scorer.dispose();
    own.dispose();
  });
});
