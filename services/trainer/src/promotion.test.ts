import { describe, expect, it } from '@jest/globals';

import { type ChampionComparison, decidePromotion } from './promotion.ts';

const quiet = { rows: 10_000, alarms: 11, alpha: 1e-3 };
const against = (meanDifferenceNats: number, standardError = 0.01, comparable = true): ChampionComparison => ({
  champion: 4,
  comparable,
  meanDifferenceNats,
  standardError,
});

describe('decidePromotion', () => {
  it('promotes the first model', () => {
    expect(decidePromotion('auto', null, quiet)).toEqual({ promote: true, reason: 'there was no champion' });
  });

  it.each([
    [0.5, true],
    [0, true],
    [-0.009, true],
    [-0.011, false],
    [NaN, false],
  ])('at a difference of %f nats (standard error 0.01) promotes: %s', (difference, promoted) => {
    expect(decidePromotion('auto', against(difference), quiet).promote).toBe(promoted);
  });

  it('says by how much, and which champion', () => {
    expect(decidePromotion('auto', against(-0.25), quiet).reason).toBe(
      'worse than champion 4 on held-out rows (-0.250 ± 0.010 nats)',
    );
  });

  it('leaves models of other columns to a person', () => {
    expect(decidePromotion('auto', against(9, 0.01, false), quiet)).toMatchObject({
      promote: false,
      reason: expect.stringContaining('by hand'),
    });
    expect(decidePromotion('always', against(9, 0.01, false), quiet).promote).toBe(true);
  });

  it('keeps the champion when the challenger alarms out of bounds, also when there is none', () => {
    const noisy = { rows: 10_000, alarms: 61, alpha: 1e-3 };
    expect(decidePromotion('auto', null, noisy)).toEqual({
      promote: false,
      reason: 'it alarms 61 times on 10000 held-out rows, where 10 are expected',
    });
    expect(decidePromotion('auto', null, { ...noisy, alarms: 60 }).promote).toBe(true);
    expect(decidePromotion('auto', null, { rows: 500, alarms: 10, alpha: 1e-6 }).promote).toBe(true);
  });

  it('never promotes when told so', () => {
    expect(decidePromotion('never', null, quiet).promote).toBe(false);
    expect(decidePromotion('never', against(3), quiet).promote).toBe(false);
  });
});
