import { readFileSync } from 'node:fs';

import type { Alert } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { absenceAlertMessage, type AlertMessage, anomalyAlertMessage, stormAlertMessage } from './alert-message.ts';
import { alertMessageJsonSchema, alertMessageSchema } from './alert-message-schema.ts';
import { fingerprintOf, stormIdOf } from './fingerprint.ts';
import { explanationFields } from './late-explanation.ts';
import { type BatchObservation, observeBatch } from './observe-batch.ts';
import { policyOf } from './testing/policies.ts';

const ALERT = '3d1f6f0a-58c1-5a8e-9d53-0f7f6f4f2c11';
const fingerprint = fingerprintOf({ detector: 'd', kind: 'density', entity: 'a', group: ['speed'] });

const peakOf = (reason: Alert['reason'], changes: Partial<Alert> = {}): Alert => ({
  ...{ alertId: ALERT, detector: 'd', reason },
  score: { pValue: 1e-6, pMethod: 'tail', alpha: 0.001, surpriseBits: 19.9, logDensityNats: -31.5 },
  observed: { speed: 9120, method: 'card', amount: null },
  expected: { speed: { median: 200, p05: 95, p95: 420 } },
  contributions: [{ feature: 'speed', bits: 18.9, direction: 'high' }],
  nearestNormal: { speed: 400, method: 'card', amount: null },
  ...{ summary: 'speed 9120, expected 95–420', explanation: 'complete' },
  model: { version: 3, family: 'realNVP', trainedRows: 1_000 },
  event: { topic: 't', partition: 0, offset: 7, id: 'x', time: '2026-01-01T00:00:00.000Z', entity: 'a' },
  ...changes,
});

/** Messages of a life with every transition; of a storm, if two openings make one. */
function messagesOf(peak: Alert, policy = policyOf()): AlertMessage[] {
  const anomaly = (timeMs: number, bits: number): BatchObservation => ({
    ...{ fingerprint, alertId: ALERT, stormId: stormIdOf(ALERT), entity: 'a', feature: 'speed', timeMs, bits },
  });
  const many = Array.from({ length: 10 }, (_, i) => anomaly(160 + i, 17));
  const seen = [anomaly(0, 14), anomaly(10, 17), anomaly(150, 17), ...many];
  const batch = observeBatch({ lives: new Map(), storm: null, snoozed: new Set() }, seen, 1_000, policy);
  return batch.messages.map(({ fingerprint: of, transition }) =>
    of !== null || batch.storm === null
      ? anomalyAlertMessage(fingerprint, transition, peak)
      : stormAlertMessage('d', fingerprint, transition, batch.storm),
  );
}

const asSent = (message: AlertMessage): unknown => JSON.parse(JSON.stringify(message));

describe('the schema of alert messages', () => {
  it('names every field of the messages of every state and kind', () => {
    const deferred = { contributions: [], expected: {}, nearestNormal: null, explanation: 'deferred' } as const;
    const unavailable = explanationFields({ explanationError: 'the model is gone' }, 19.9);
    const peaks = [
      ...[peakOf('low_density'), peakOf('out_of_domain')],
      ...[peakOf('low_density', deferred), peakOf('low_density', unavailable)],
    ];
    const stormy = messagesOf(peakOf('low_density'), policyOf({ storm: { alerts: 1, windowMs: 1_000 } }));
    const since = { lastEvent: '2026-01-01T00:00:00.000Z', expectEveryMs: 60_000, alertAfterMs: 90_000 };
    const silent = [null, 'a'].map((entity) =>
      absenceAlertMessage({ detector: 'd', entity }, fingerprint, transitionOf(), since),
    );
    const messages = [...peaks.flatMap((peak) => messagesOf(peak)), ...stormy, ...silent];
    for (const message of messages) expect(alertMessageSchema.parse(asSent(message))).toEqual(asSent(message));
    expect(new Set(messages.map(({ state }) => state))).toEqual(
      new Set(['opened', 'escalated', 'updated', 'resolved', 'reopened']),
    );
    expect(new Set(messages.map(({ kind }) => kind))).toEqual(
      new Set(['density', 'out_of_domain', 'storm', 'absence']),
    );
  });

  it('accepts fields of later versions, and refuses what is missing or of another kind', () => {
    const message = asSent(anomalyAlertMessage(fingerprint, transitionOf(), peakOf('low_density'))) as object;
    expect(alertMessageSchema.safeParse({ ...message, later: 1 }).success).toBe(true);
    expect(alertMessageSchema.safeParse({ ...message, severity: 'dire' }).success).toBe(false);
    expect(alertMessageSchema.safeParse({ ...message, kind: 'storm' }).success).toBe(false);
    expect(alertMessageSchema.safeParse({ ...message, score: undefined }).success).toBe(false);
  });

  it('is the published one', () => {
    const file = new URL('../../../docs/reference/alert-message.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(alertMessageJsonSchema());
  });
});

const transitionOf = () => {
  const anomaly = { fingerprint, alertId: ALERT, stormId: stormIdOf(ALERT), entity: 'a', feature: 'speed' };
  const before = { lives: new Map(), storm: null, snoozed: new Set<string>() };
  const [message] = observeBatch(before, [{ ...anomaly, timeMs: 0, bits: 14 }], null, policyOf()).messages;
  if (message === undefined) throw new Error('no message');
  return message.transition;
};
