import type { Alert, Explanation } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { join, tell } from './alert-life.ts';
import { anomalyAlertMessage } from './alert-message.ts';
import { alertMessageSchema } from './alert-message-schema.ts';
import { explanationFields, withExplanation } from './late-explanation.ts';
import { policyOf } from './testing/policies.ts';

const ALERT = '3d1f6f0a-58c1-5a8e-9d53-0f7f6f4f2c11';
const FINGERPRINT = '0d1f6f0a-58c1-5a8e-9d53-0f7f6f4f2c11';
const deferred: Alert = {
  ...{ alertId: ALERT, detector: 'd', reason: 'low_density' },
  score: { pValue: 1e-6, pMethod: 'tail', alpha: 0.001, surpriseBits: 19.93, logDensityNats: -31.5 },
  ...{ observed: { speed: 9120 }, expected: {}, contributions: [], nearestNormal: null },
  ...{ summary: '19.9 bits; the explanation follows', explanation: 'deferred' },
  model: { version: 3, family: 'realNVP', trainedRows: 1_000 },
  event: { topic: 't', partition: 0, offset: 7, id: 'x', time: '2026-01-01T00:00:00.000Z', entity: 'a' },
};
const { transition } = tell(join(null, { alertId: ALERT, timeMs: 0, bits: 19.93 }, policyOf()), policyOf());
if (transition === null) throw new Error('it has not opened');
const message = anomalyAlertMessage(FINGERPRINT, transition, deferred);
const found: Explanation = {
  contributions: [{ feature: 'speed', bits: 18.9, direction: 'high' }],
  expected: { speed: { median: 200, p05: 95, p95: 420 } },
  ...{ nearestNormal: { speed: 400 }, summary: 'speed 9120, expected 95–420' },
};

describe('a message that was stored before its anomaly was explained', () => {
  it('takes over the explanation of the anomaly, and nothing else of it', () => {
    const explained = { ...deferred, ...explanationFields(found, 19.93), alertId: 'other', observed: {} };
    expect(withExplanation(message, explained)).toEqual({ ...message, ...found, explanation: 'complete' });
  });

  it('says why there is no explanation, whether the anomaly says so or it leaves without', () => {
    const expected = {
      ...message,
      ...{ explanation: 'unavailable', explanationError: 'the model is gone' },
      summary: '19.9 bits; not explained: the model is gone',
    };
    const reason = { explanationError: 'the model is gone' };
    expect(withExplanation(message, reason)).toEqual(expected);
    expect(withExplanation(message, { ...deferred, ...explanationFields(reason, 19.93) })).toEqual(expected);
    expect(alertMessageSchema.parse(expected)).toEqual(expected);
  });
});
