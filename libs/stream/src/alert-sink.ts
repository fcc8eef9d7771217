/** Message about an alert that is ready to be sent, as stored in the outbox. */
export interface OutboxMessage {
  readonly messageId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly value: string;
}

/** Message that a sink has not accepted. */
export interface Undelivered {
  readonly messageId: string;
  /**
   * True if the sink will never accept the message as it is, because of its size or content; false
   * if it may accept it later.
   */
  readonly refused: boolean;
  readonly error: unknown;
  /** Least time until the next attempt, if the sink asked for one. */
  readonly retryAfterMs?: number;
}

/**
 * Destination of alerts. Delivery is at least once: a message may be sent again under the same id.
 */
export interface AlertSink {
  readonly name: string;
  /**
   * Resolves to the undelivered messages once all others have been accepted durably. An undelivered
   * message does not hold up the rest. Rejects if the outcome of every message is unknown.
   */
  send(messages: readonly OutboxMessage[]): Promise<readonly Undelivered[]>;
  close(): Promise<void>;
}

/**
 * Sends all messages.
 * @throws the error of the first undelivered message.
 */
export async function sendAll(sink: AlertSink, messages: readonly OutboxMessage[]): Promise<void> {
  const [first] = await sink.send(messages);
  if (first !== undefined) throw first.error;
}
