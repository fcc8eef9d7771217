import { readResource } from '@flowline/config';
import { type Database, resourcesInForce, type StoredResource } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createSink, type OpenSink, type SinkParts } from '@flowline/sinks';

/** A version of a sink: open, or the reason why it cannot be. */
type Known = { readonly version: number } & ({ readonly open: OpenSink } | { readonly fault: unknown });

/** Sinks by name, as their documents in force describe them. */
export class SinkRegistry {
  readonly #db: Database;
  readonly #parts: SinkParts;
  readonly #known = new Map<string, Known>();
  #refreshing: Promise<void> = Promise.resolve();

  constructor(db: Database, parts: SinkParts) {
    this.#db = db;
    this.#parts = parts;
  }

  /** Reads the documents again, one call after another. */
  refresh(): Promise<void> {
    const done = this.#refreshing.then(() => this.#refresh());
    this.#refreshing = done.catch(() => undefined);
    return done;
  }

  async #refresh(): Promise<void> {
    const stored = await resourcesInForce(this.#db, 'Sink');
    const names = new Set(stored.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) await this.#forget(name);
    for (const resource of stored) {
      const known = this.#known.get(resource.name);
      // One that could not be opened is tried again: a secret may be there by now.
      if (known?.version === resource.version && 'open' in known) continue;
      await this.#forget(resource.name);
      this.#known.set(resource.name, this.#create(resource));
    }
  }

  /**
   * The sink of a name.
   * @throws FlowlineError FLOWLINE_RESOURCE_MISSING, or the reason why it cannot be opened.
   */
  sinkOf(name: string): OpenSink {
    const known = this.#known.get(name);
    if (known === undefined) {
      throw new FlowlineError('FLOWLINE_RESOURCE_MISSING', `There is no sink ${name}; its messages wait.`, {
        where: `Sink ${name}`,
        remedy: 'Apply its file with `flowline apply <file>`, or take its name out of `alerts.sinks`.',
      });
    }
    if ('fault' in known) throw known.fault;
    return known.open;
  }

  /** Sinks that want to be told of open alerts again. */
  get resending(): readonly { readonly name: string; readonly resendAfterMs: number }[] {
    return [...this.#known].flatMap(([name, known]) =>
      'open' in known && known.open.resendAfterMs !== null ? [{ name, resendAfterMs: known.open.resendAfterMs }] : [],
    );
  }

  async close(): Promise<void> {
    for (const name of [...this.#known.keys()]) await this.#forget(name);
  }

  #create({ name, version, spec }: StoredResource): Known {
    try {
      return { version, open: createSink(name, readResource('Sink', name, spec), this.#parts) };
    } catch (fault) {
      return { version, fault };
    }
  }

  async #forget(name: string): Promise<void> {
    const known = this.#known.get(name);
    this.#known.delete(name);
    if (known !== undefined && 'open' in known) await known.open.sink.close();
  }
}
