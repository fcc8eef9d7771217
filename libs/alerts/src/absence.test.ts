import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  absenceAlertId,
  absenceAlertPolicy,
  absenceFingerprint,
  absenceLookMs,
  type AbsencePolicy,
  absenceStepMs,
  absenceStormFingerprint,
  absenceSummary,
  judgeArrival,
} from './absence.ts';
import { severities, severityOf } from './severity.ts';
import { policyOf } from './testing/policies.ts';

const EVERY_MS = 1_000;
const absence = (changes: Partial<AbsencePolicy> = {}): AbsencePolicy => ({
  ...{ per: 'entity', expectEveryMs: EVERY_MS, alertAfterMs: 1.5 * EVERY_MS, severity: 'major', forgetAfterMs: 1e6 },
  ...changes,
});

describe('the verdict on an arrival', () => {
  const look = (untilMs: number | null, forMs = 1_500) => ({
    untilMs,
    silentSinceMs: untilMs === null ? null : untilMs - forMs,
  });

  it('is absent once a silence has surely lasted long enough, and only once', () => {
    const seen = { lastSeenMs: 10_000, silenceFromMs: null };
    // An arrival 250 ms after the last one that was noted would not have been.
    expect(judgeArrival(seen, look(11_749), absence())).toBe('unchanged');
    expect(judgeArrival(seen, look(11_750), absence())).toBe('absent');
    expect(judgeArrival({ ...seen, silenceFromMs: 10_000 }, look(99_000), absence())).toBe('unchanged');
  });

  it('is back with a later arrival, also while nothing is known of the partition', () => {
    const seen = { lastSeenMs: 10_001, silenceFromMs: 10_000 };
    expect(judgeArrival(seen, look(null), absence())).toBe('back');
    expect(judgeArrival({ lastSeenMs: 10_000, silenceFromMs: null }, look(null), absence())).toBe('unchanged');
  });

  it('is forgotten after a time, if it is of an entity', () => {
    const seen = { lastSeenMs: 10_000, silenceFromMs: 10_000 };
    expect(judgeArrival(seen, look(1_010_250), absence())).toBe('unchanged');
    expect(judgeArrival(seen, look(1_010_251), absence())).toBe('forgotten');
    expect(judgeArrival(seen, look(1_010_251), absence({ per: 'detector' }))).toBe('unchanged');
  });

  it('opens within two intervals of the last event, by default, and never before its time', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 4 * EVERY_MS }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 124 }), (list, phase) => {
        const policy = absence();
        const stepMs = absenceStepMs(policy);
        const events = list.reduce<number[]>((times, gap) => [...times, (times.at(-1) ?? 0) + gap], []);
        const lastMs = events.at(-1) ?? 0;
        let noted = { lastSeenMs: -Infinity, silenceFromMs: null as number | null };
        const noticed: { atMs: number; sinceMs: number }[] = [];
        const waiting = [...events];
        let sinceMs = -Infinity;
        for (let nowMs = phase; nowMs <= lastMs + 2 * EVERY_MS; nowMs += absenceLookMs(policy)) {
          for (let [timeMs] = waiting; timeMs !== undefined && timeMs <= nowMs; [timeMs] = waiting) {
            if (timeMs - noted.lastSeenMs >= stepMs) noted = { ...noted, lastSeenMs: timeMs };
            sinceMs = timeMs;
            waiting.shift();
          }
          if (sinceMs === -Infinity) continue;
          const verdict = judgeArrival(noted, look(nowMs), policy);
          if (verdict === 'back') noted = { ...noted, silenceFromMs: null };
          if (verdict !== 'absent') continue;
          noted = { ...noted, silenceFromMs: noted.lastSeenMs };
          noticed.push({ atMs: nowMs, sinceMs });
        }
        for (const one of noticed) expect(one.atMs - one.sinceMs).toBeGreaterThanOrEqual(policy.alertAfterMs);
        const sinces = noticed.map((one) => one.sinceMs);
        expect(new Set(sinces).size).toBe(sinces.length);
        // Every silence of two intervals was noticed within them.
        const long = events.filter((timeMs, i) => (events.at(i + 1) ?? Infinity) - timeMs >= 2 * EVERY_MS);
        for (const timeMs of long) expect(sinces).toContain(timeMs);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the alert of an absence', () => {
  it('has the severity that the detector says', () => {
    for (const severity of severities) {
      expect(severityOf(0, absenceAlertPolicy(policyOf(), absence({ severity })).severityBits)).toBe(severity);
    }
  });

  it('has one id, whoever notices it, and a fingerprint of its own', () => {
    const print = absenceFingerprint('d', 't', null);
    const others = [absenceFingerprint('d', 't', 'a'), absenceStormFingerprint('d', 't')];
    expect(new Set([print, ...others]).size).toBe(3);
    expect(absenceAlertId(print, 17.2)).toBe(absenceAlertId(print, 17.9));
    expect(absenceAlertId(print, 17)).not.toBe(absenceAlertId(print, 18));
  });

  it('is told in one line', () => {
    const since = { lastEvent: '2026-01-01T00:00:00.000Z', expectEveryMs: 90_000, alertAfterMs: 135_000 };
    expect(absenceSummary(null, since)).toBe('no event since 2026-01-01T00:00:00.000Z, expected every 90s');
    expect(absenceSummary('berlin', since)).toBe(
      'no event of berlin since 2026-01-01T00:00:00.000Z, expected every 90s',
    );
  });
});
