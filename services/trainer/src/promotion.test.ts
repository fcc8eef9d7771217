import { describe, expect, it } from '@jest/globals';

import { type ChampionComparison, decidePromotion, type OwnReport } from './promotion.ts';

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

type Verdict = OwnReport['alarms']['verdict'];
const report = (alarms: number, verdict: Verdict, moved: readonly string[] = [], testRows = 2396): OwnReport => ({
  alarms: {
    alpha: 0.014,
    alwaysRate: 0,
    expectedRate: 0.014,
    interval: { low: 0.0105, high: 0.0178 },
    testRows,
    alarms,
    measuredRate: testRows === 0 ? null : alarms / testRows,
    verdict,
  },
  moved: moved.map((feature) => ({
    feature,
    distance: 0.4,
    before: 12,
    after: 31,
    missingBefore: 0,
    missingAfter: 0,
    period: null,
  })),
});
const asAsked = report(33, 'inside');
/** Weather of one month: 33 alarms expected, 96 measured. */
const farAbove = report(96, 'above', ['temp', 'dewp']);
const untested = report(0, 'untested', [], 0);

describe('decidePromotion', () => {
  it('promotes the first model', () => {
    expect(decidePromotion('auto', null, asAsked)).toEqual({ promote: true, reason: 'there was no champion' });
    expect(decidePromotion('auto', null, untested).promote).toBe(true);
  });

  it('says at the promotion if events will always alarm, far above the rate asked for', () => {
    const always = { ...asAsked.alarms, alpha: 1e-3, alwaysRate: 0.034, expectedRate: 0.035 };
    expect(decidePromotion('auto', null, { ...asAsked, alarms: always })).toEqual({
      promote: true,
      reason: 'there was no champion, though 3.4 % of the events will always alarm, 35 times the rate asked for in all',
    });
  });

  it('promotes a model that is not worse, keeps the champion otherwise, and says why', () => {
    expect(decidePromotion('auto', compared(true), asAsked)).toEqual({
      promote: true,
      reason: 'against champion 4: not worse',
    });
    expect(decidePromotion('auto', compared(false), asAsked)).toEqual({
      promote: false,
      reason: 'against champion 4: worse',
    });
  });

  it.each([null, compared(true), otherColumns])(
    'holds a model that alarms far too often, with the figures',
    (other) => {
      const held = decidePromotion('auto', other, farAbove);
      expect(held).toEqual({
        promote: false,
        reason: expect.stringContaining('96 of 2396 held-out rows, 34 expected'),
      });
      const always = decidePromotion('always', other, farAbove);
      expect(always).toEqual({ promote: true, reason: expect.stringContaining('96 of 2396') });
    },
  );

  it('does not hold one that alarms no more than the champion on the same rows', () => {
    const alarms = { championRate: 0.06, challengerRate: 0.04, highestRate: 0.06, inBounds: true };
    const better = { ...compared(true), alarms } as ChampionComparison;
    expect(decidePromotion('auto', better, farAbove)).toEqual({
      promote: true,
      reason: 'against champion 4: not worse',
    });
    const worse = { ...better, alarms: { ...alarms, championRate: 0.03 } } as ChampionComparison;
    expect(decidePromotion('auto', worse, farAbove).promote).toBe(false);
  });

  it('names the features that moved, with their values before and after', () => {
    expect(decidePromotion('auto', null, farAbove).reason).toContain(
      '(moved since training: temp from 12 to 31; dewp from 12 to 31)',
    );
  });

  it('takes what chance explains, fewer alarms, and a little more for the world as it is', () => {
    expect(decidePromotion('auto', null, report(40, 'inside'))).toEqual({
      promote: true,
      reason: 'there was no champion',
    });
    expect(decidePromotion('auto', null, report(108, 'unclear'))).toEqual({
      promote: true,
      reason: expect.stringMatching(/^there was no champion, though its alarms are not .* in bursts .*: 108 of 2396/),
    });
    expect(decidePromotion('auto', null, report(0, 'below')).promote).toBe(true);
    expect(decidePromotion('auto', compared(true), report(50, 'above')).promote).toBe(true);
  });

  it('lets a model of other features take over where its own alarms are inside their interval, and only there', () => {
    expect(decidePromotion('auto', otherColumns, asAsked)).toEqual({
      promote: true,
      reason: expect.stringContaining('the features differ'),
    });
    expect(decidePromotion('auto', otherColumns, report(50, 'above'))).toEqual({
      promote: false,
      reason: expect.stringContaining('50 of 2396'),
    });
    expect(decidePromotion('auto', otherColumns, report(0, 'below')).promote).toBe(false);
    expect(decidePromotion('auto', otherColumns, report(108, 'unclear')).promote).toBe(false);
    expect(decidePromotion('auto', otherColumns, untested)).toEqual({
      promote: false,
      reason: expect.stringContaining('could not be tested'),
    });
  });

  it('never promotes when told so', () => {
    expect(decidePromotion('never', null, asAsked).promote).toBe(false);
    expect(decidePromotion('never', compared(true), asAsked).promote).toBe(false);
  });
});
