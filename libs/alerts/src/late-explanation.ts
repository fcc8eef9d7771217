import type { Alert, Explanation, Unexplained } from '@flowline/events';

import type { AnomalyAlertMessage } from './alert-message.ts';

/** Fields of an anomaly that depend on its explanation. */
export type ExplanationFields = Pick<
  Alert,
  'expected' | 'contributions' | 'nearestNormal' | 'summary' | 'explanation' | 'explanationError'
>;

/** Fields of an anomaly whose explanation has been found, or cannot be had. */
export function explanationFields(found: Explanation | Unexplained, surpriseBits: number): ExplanationFields {
  if ('explanationError' in found) {
    const { explanationError } = found;
    const summary = `${surpriseBits.toFixed(1)} bits; not explained: ${explanationError}`;
    return { ...NOTHING, summary, explanation: 'unavailable', explanationError };
  }
  const { expected, contributions, nearestNormal, summary } = found;
  return { expected, contributions, nearestNormal, summary, explanation: 'complete' };
}

const NOTHING = { expected: {}, contributions: [], nearestNormal: null } as const;

/**
 * Completes a message that was stored before its anomaly was explained.
 * @param found the anomaly, explained by now, or the reason why the message leaves without.
 */
export function withExplanation(message: AnomalyAlertMessage, found: Alert | Unexplained): AnomalyAlertMessage {
  if (!('expected' in found)) return { ...message, ...explanationFields(found, message.score.surpriseBits) };
  const { expected, contributions, nearestNormal, summary, explanation, explanationError } = found;
  const fields = { expected, contributions, nearestNormal, summary, explanation };
  return { ...message, ...fields, ...(explanationError === undefined ? {} : { explanationError }) };
}
