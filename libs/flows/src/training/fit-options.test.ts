import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from '../backend.ts';
import { realNVP } from '../families/real-nvp.ts';
import { saveFlow } from '../checkpoint.ts';
import type { Rows } from '../rows.ts';
import { toRows } from '../rows.ts';
import { mixtureRows } from '../testing/data.ts';
import { fit } from './fit.ts';
import { prepareFitData } from './fit-data.ts';
import type { FitOptions, FitProgress } from './options.ts';
import { reportersOf } from './progress-line.ts';

beforeAll(() => initBackend('wasm'));

const small = () => realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 });
const arrays = (rows: Rows) => Array.from({ length: rows.size }, (_, i) => [...rows.x.subarray(2 * i, 2 * i + 2)]);
const train = mixtureRows(100, 1);
const validation = mixtureRows(20, 2);

describe('fit', () => {
  it('takes arrays, and trains as on the same rows flat, also of a stream', async () => {
    const trained = async (data: Parameters<typeof fit>[1]) => {
      const flow = small();
      await fit(flow, data, { seed: 1, steps: 6, validateEvery: 3 });
      return saveFlow(flow);
    };
    expect(await trained({ train: arrays(train), validation: arrays(validation) })).toEqual(
      await trained({ train, validation }),
    );
    const chunks = (each: readonly (Rows | number[][])[]) =>
      async function* () {
        await Promise.resolve();
        yield* each;
      };
    expect(await trained({ train: chunks([[], arrays(train)]), validation })).toEqual(
      await trained({ train: chunks([train]), validation }),
    );
  });

  it('counts epochs in steps: epochs × rows / batchSize, rounded up', async () => {
    const report = await fit(small(), { train, validation }, { seed: 1, epochs: 3, batchSize: 32 });
    expect(report.steps).toBe(Math.ceil((3 * 100) / 32));
    const split = await fit(small(), { train }, { seed: 1, epochs: 2, batchSize: 10, validationSplit: 0.2 });
    expect(split.steps).toBe((2 * 80) / 10);
  });

  it('reports progress to both callbacks', async () => {
    const seen: [string, FitProgress][] = [];
    await fit(
      small(),
      { train, validation },
      {
        seed: 1,
        steps: 2,
        validateEvery: 1,
        onProgress: (at) => seen.push(['onProgress', at]),
        progress: (at) => seen.push(['progress', at]),
      },
    );
    expect(seen.map(([name, { step }]) => `${name} ${step}`).sort()).toEqual([
      'onProgress 1',
      'onProgress 2',
      'progress 1',
      'progress 2',
    ]);
  });

  it.each<[string, object, Partial<Record<keyof FitOptions, unknown>>, string, RegExp]>([
    ['neither steps nor epochs', {}, { steps: undefined }, 'fit.steps', /neither steps nor epochs/],
    ['steps and epochs', {}, { epochs: 2 }, 'fit.steps', /steps and epochs/],
    ['steps that are none', {}, { steps: '10' }, 'fit.steps', /found "10"/],
    ['no seed', {}, { seed: undefined }, 'fit.seed', /found nothing, expected a finite number/],
    ['a misspelt option', {}, { learningrate: 1e-3 } as object, 'fit.learningrate', /no option 'learningrate'/],
    ['a share of 1', { validation: undefined }, { validationSplit: 1 }, 'fit.validationSplit', /found 1, expected/],
    ['no validation rows', { validation: undefined }, {}, 'data.validation', /no validation rows/],
    ['both validation rows and a split', {}, { validationSplit: 0.1 }, 'data.validation', /one of them/],
    ['no training rows', { train: undefined }, {}, 'data.train', /found nothing/],
    [
      'one row to split',
      { train: [[1, 2]], validation: undefined },
      { validationSplit: 0.5 },
      'fit.validationSplit',
      /1 rows/,
    ],
    ['epochs of a stream', { train: () => undefined }, { steps: undefined, epochs: 1 }, 'fit.epochs', /a stream/],
    [
      'a split of a stream',
      { train: () => undefined, validation: undefined },
      { validationSplit: 0.1 },
      'fit.validationSplit',
      /a stream/,
    ],
    ['a progress that is neither', {}, { progress: 'bar' }, 'fit.progress', /found "bar"/],
    [
      'a masking share above 1',
      {},
      { masking: { features: [], probability: 2 } },
      'fit.masking.probability',
      /found 2/,
    ],
  ])('refuses %s', async (_name, data, options, where, message) => {
    const training = fit(small(), { train, validation, ...data }, { seed: 1, steps: 10, ...options } as never);
    await expect(training).rejects.toMatchObject({
      code: 'FLOWLINE_USAGE',
      where,
      message: expect.stringMatching(message),
    });
  });

  it('takes a data set that holds more than training reads', async () => {
    const data = { name: 'two columns', train, validation, test: validation };
    await expect(fit(small(), data, { seed: 1, steps: 1 })).resolves.toMatchObject({ steps: 1 });
  });

  it('refuses rows of no use, and arguments that are missing', async () => {
    const options = { seed: 1, steps: 10 };
    const ragged = fit(small(), { train: [[1, 2], [3]], validation }, options);
    await expect(ragged).rejects.toMatchObject({ code: 'FLOWLINE_FEATURES_INVALID', where: 'train' });
    const plain = fit(small(), { train: { x: [1, 2], size: 1 } as never, validation }, options);
    await expect(plain).rejects.toMatchObject({
      code: 'FLOWLINE_FEATURES_INVALID',
      remedy: expect.stringMatching(/toRows/),
    });
    await expect(fit(undefined as never, { train, validation }, options)).rejects.toMatchObject({ where: 'fit.flow' });
    await expect(fit(small(), undefined as never, options)).rejects.toMatchObject({ where: 'data' });
    await expect(fit(small(), { train, validation }, undefined as never)).rejects.toMatchObject({ where: 'fit' });
  });
});

describe('a validation split', () => {
  const rows = toRows(
    Array.from({ length: 50 }, (_, i) => [i, -i]),
    Array.from({ length: 50 }, (_, i) => [2 * i]),
  );
  const split = (seed: number, validationSplit = 0.2) =>
    prepareFitData({ features: 2, context: 1 }, { train: rows }, { seed, validationSplit }) as Record<
      'train' | 'validation',
      Rows
    >;
  const ids = ({ x, context, size }: Rows) =>
    Array.from({ length: size }, (_, i) => {
      expect([x[2 * i + 1], context?.[i]]).toEqual([-x[2 * i]! || -0, 2 * x[2 * i]!]);
      return x[2 * i]!;
    });

  it('puts every row on one side, whole, in its order', () => {
    const { train, validation } = split(1);
    expect(validation.size).toBe(10);
    expect([...ids(train), ...ids(validation)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(ids(train)).toEqual([...ids(train)].sort((a, b) => a - b));
  });

  it('is that of the seed', () => {
    expect(split(1)).toEqual(split(1));
    expect(ids(split(1).validation)).not.toEqual(ids(split(2).validation));
  });

  it('leaves a row on either side', () => {
    expect(split(1, 0.001).validation.size).toBe(1);
    expect(split(1, 0.999).train.size).toBe(1);
  });
});

describe('the progress line', () => {
  const at = (step: number, validationNll: number | null): FitProgress => {
    return { step, steps: 200, trainNll: 1.25, validationNll, learningRate: 1e-3, gradientNorm: 1, skippedSteps: 0 };
  };
  const shown = (terminal: { isTTY?: boolean; columns?: number }, progress: FitOptions['progress']) => {
    let text = '';
    const reporters = reportersOf('maf', progress === undefined ? {} : { progress }, {
      ...terminal,
      write: (part: string) => (text += part),
    });
    reporters.show(at(50, 2));
    reporters.show(at(100, null));
    reporters.close();
    return text;
  };

  it('is one line of a terminal, which shows the best validation', () => {
    const text = shown({ isTTY: true }, true);
    expect(text.split('\r\u001b[2K').slice(1)).toEqual([
      'maf: step 50 of 200 (25 %), NLL 1.250, best validation 2.000 nats',
      'maf: step 100 of 200 (50 %), NLL 1.250, best validation 2.000 nats\n',
    ]);
  });

  it('never wraps', () => {
    const lines = shown({ isTTY: true, columns: 20 }, true).split('\r\u001b[2K').slice(1);
    for (const line of lines) expect(line.trimEnd().length).toBeLessThan(20);
  });

  it('is silent elsewhere, and where it was not asked for', () => {
    expect(shown({}, true)).toBe('');
    expect(shown({ isTTY: true }, false)).toBe('');
    expect(shown({ isTTY: true }, undefined)).toBe('');
  });
});
