import { describe, expect, it } from '@jest/globals';

import { type ChampionComparison, decidePromotion } from './promotion.ts';

const compared = (promote: boolean): ChampionComparison => ({
  champion: 4,
  comparable: true,
  rows: 1000,
  meanDifferenceNats: promote ? 0.5 : -0.5,
  standardError: 0.01,
  notWorse: promote,
  alarms: null,
  promote,
  reason: promote ? 'not worse' : 'worse',
});
const otherColumns: ChampionComparison = { champion: 4, comparable: false, reason: 'the features differ' };

describe('decidePromotion', () => {
  it('promotes the first model', () => {
    expect(decidePromotion('auto', null)).toEqual({ promote: true, reason: 'there was no champion' });
  });

  it('promotes a model that is not worse, keeps the champion otherwise, and says why', () => {
    expect(decidePromotion('auto', compared(true))).toEqual({ promote: true, reason: 'against champion 4: not worse' });
    expect(decidePromotion('auto', compared(false))).toEqual({ promote: false, reason: 'against champion 4: worse' });
  });

  it('leaves models of other columns to a person', () => {
    expect(decidePromotion('auto', otherColumns).promote).toBe(false);
    expect(decidePromotion('always', otherColumns).promote).toBe(true);
  });

  it('never promotes when told so', () => {
    expect(decidePromotion('never', null).promote).toBe(false);
    expect(decidePromotion('never', compared(true)).promote).toBe(false);
  });
});
