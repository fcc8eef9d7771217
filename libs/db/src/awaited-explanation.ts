import { type AnomalyAlertMessage, withExplanation } from '@flowline/alerts';

import { messageText } from './outbox-message.ts';
import type { AwaitedRow } from './sql/outbox.ts';

/** Longest time that a message waits for the explanation of its anomaly. */
export const EXPLANATION_WAIT_MS = 60_000;

/**
 * Text of a message as it leaves: with the explanation that it waited for, or the reason why it
 * leaves without.
 */
export function textToSend({ value, awaits, deferred, explained }: AwaitedRow & { readonly value: string }): string {
  if (!awaits) return value;
  const message = JSON.parse(value) as AnomalyAlertMessage;
  return messageText(withExplanation(message, explained ?? { explanationError: deferred === true ? LATE : GONE }));
}

/** True for a message that leaves although the explanation that it waited for is not there. */
export const isUnexplained = ({ awaits, explained }: AwaitedRow): boolean => awaits && explained === null;

const LATE = `it could not be explained within ${EXPLANATION_WAIT_MS / 1_000} s; the stored anomaly is explained later`;
const GONE = 'the anomaly is not stored any more';
