import { setImmediate as nextTurn } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { KernelScorer } from './kernel-scorer.ts';

const shape = { features: 1, context: 0, presence: [null] };

/** Scorer whose kernels take a turn of the event loop, and write down when they begin and end. */
const slowScorer = () => {
  const events: string[] = [];
  const kernel =
    (name: string) =>
    async (rows: Float32Array, _n: number, results: Float32Array | Float64Array): Promise<void> => {
      events.push(`${name} ${rows[0]} begins`);
      await nextTurn();
      if (rows[0] === 13) throw new Error('bad luck');
      results.set(rows);
      events.push(`${name} ${rows[0]} ends`);
    };
  const [score, latent, gradient] = [kernel('score'), kernel('latent'), kernel('gradient')];
  const dispose = (): void => void events.push('disposed');
  return { events, scorer: new KernelScorer({ name: 'slow', shape, score, latent, gradient, dispose }) };
};

describe('a scorer over kernels', () => {
  it('runs one call after another, in order, whatever they ask for', async () => {
    const { events, scorer } = slowScorer();
    const row = (value: number): Float32Array => Float32Array.of(value);
    const results = await Promise.all([
      scorer.score(row(1), 1),
      scorer.latent(row(2), 1),
      scorer.score(row(3), 1),
      scorer.gradient(row(4), 1),
    ]);
    expect(results.map(([value]) => value)).toEqual([1, 2, 3, 4]);
    const names = ['score 1', 'latent 2', 'score 3', 'gradient 4'];
    expect(events).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('gives the error of a call to whoever made it, and goes on with the next', async () => {
    const { scorer } = slowScorer();
    const [failed, next] = await Promise.allSettled([
      scorer.score(Float32Array.of(13), 1),
      scorer.score(Float32Array.of(2), 1),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'bad luck' } });
    expect(next).toEqual({ status: 'fulfilled', value: Float64Array.of(2) });
  });

  it('is disposed once its calls have ended, also if the last one fails', async () => {
    const { events, scorer } = slowScorer();
    const failing = scorer.score(Float32Array.of(13), 1);
    scorer.dispose();
    expect(events).toEqual(['score 13 begins']);
    await expect(failing).rejects.toThrow('bad luck');
    await nextTurn();
    expect(events).toEqual(['score 13 begins', 'disposed']);
    await expect(scorer.score(Float32Array.of(1), 1)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
  });
});
