/** An alert ready to be sent, as the outbox keeps it. */
export interface OutboxMessage {
  readonly alertId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly value: string;
}

/** A message that a sink has not taken over. */
export interface Undelivered {
  readonly alertId: string;
  /** true: as it is, it never will be, for its size or for what it holds; false: not now. */
  readonly refused: boolean;
  readonly error: unknown;
}

/** Where alerts go. At least once: a message may be sent again under the same id. */
export interface AlertSink {
  readonly name: string;
  /**
   * Resolves once every message has been taken over durably, to those that have not: none of these holds
   * up another. Rejects where nothing is known of any.
   */
  send(messages: readonly OutboxMessage[]): Promise<readonly Undelivered[]>;
  close(): Promise<void>;
}

/** Sends messages, all of them. @throws whatever keeps one from being delivered. */
export async function sendAll(sink: AlertSink, messages: readonly OutboxMessage[]): Promise<void> {
  const [first] = await sink.send(messages);
  if (first !== undefined) throw first.error;
}
