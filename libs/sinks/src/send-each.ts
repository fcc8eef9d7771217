import type { OutboxMessage, Undelivered } from '@flowline/stream';

import type { SendFailure } from './outcome.ts';

/** Sends each message by itself, at most so many at a time; resolves to those not accepted. */
export async function sendEach(
  messages: readonly OutboxMessage[],
  atOnce: number,
  send: (message: OutboxMessage) => Promise<SendFailure | null>,
): Promise<Undelivered[]> {
  const undelivered: Undelivered[] = [];
  const waiting = messages[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const message of waiting) {
      const failure = await send(message);
      if (failure !== null) undelivered.push({ messageId: message.messageId, ...failure });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, messages.length) }, lane));
  return undelivered;
}
