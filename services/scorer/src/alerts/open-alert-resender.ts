import { type Database, openAlertMessages } from '@flowline/db';
import type { Logger } from '@flowline/telemetry';

import type { SinkRegistry } from './sink-registry.ts';

/** Open alerts that are read and sent at once. */
const PAGE = 500;

interface ResenderParts {
  readonly detectors: () => readonly string[];
  readonly logger: Logger;
}

/**
 * Tells sinks of open alerts again, each as often as it asks for: Alertmanager takes an alert for
 * resolved that it does not hear of. One sink delays no other.
 */
export class OpenAlertResender {
  readonly #db: Database;
  readonly #registry: SinkRegistry;
  readonly #parts: ResenderParts;
  readonly #dueMs = new Map<string, number>();
  readonly #busy = new Map<string, Promise<void>>();

  constructor(db: Database, registry: SinkRegistry, parts: ResenderParts) {
    this.#db = db;
    this.#registry = registry;
    this.#parts = parts;
  }

  /** Begins to tell the sinks whose time has come. */
  begin(nowMs = performance.now()): void {
    for (const { name, resendAfterMs } of this.#registry.resending) {
      if (this.#busy.has(name) || nowMs < (this.#dueMs.get(name) ?? -Infinity)) continue;
      this.#dueMs.set(name, nowMs + resendAfterMs);
      const telling = this.#tell(name)
        .catch((err: unknown) => this.#parts.logger.warn({ sink: name, err }, 'open alerts could not be sent again'))
        .finally(() => this.#busy.delete(name));
      this.#busy.set(name, telling);
    }
  }

  /** Resolves once nothing is being sent. */
  async end(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  async #tell(name: string): Promise<void> {
    const { sink } = this.#registry.sinkOf(name);
    const queue = { sink: name, detectors: this.#parts.detectors() };
    let after: string | null = null;
    do {
      const { messages, last }: Awaited<ReturnType<typeof openAlertMessages>> = await openAlertMessages(
        ...([this.#db, queue, { after, limit: PAGE }] as const),
      );
      const [failed] = messages.length === 0 ? [] : await sink.send(messages);
      if (failed !== undefined) throw failed.error;
      after = last;
    } while (after !== null);
  }
}
