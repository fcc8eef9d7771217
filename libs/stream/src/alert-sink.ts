/** An alert ready to be sent, as the outbox keeps it. */
export interface OutboxMessage {
  readonly alertId: string;
  readonly topic: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly value: string;
}

/** Where alerts go. At least once: a message may be sent again under the same id. */
export interface AlertSink {
  readonly name: string;
  /** Resolves once every message has been taken over durably; rejects when any has not. */
  send(messages: readonly OutboxMessage[]): Promise<void>;
  close(): Promise<void>;
}
