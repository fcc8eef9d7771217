import { Readable } from 'node:stream';

import { eventIdOf, type LivePosition } from './event-id.ts';
import type { News } from './news.ts';

/** Bytes that may wait for a slow client; beyond, its stream ends, and it may resume. */
const MOST_WAITING_BYTES = 4_000_000;

/** Names that are remembered. */
const MOST_TOLD = 10_000;

/** Client that follows anomalies and alerts: a stream of server-sent events. */
export class Follower {
  readonly stream: Readable;
  readonly #mayRead: (detector: string) => boolean;
  readonly #told = new Set<string>();
  #held: { readonly news: readonly News[]; readonly position: LivePosition }[] | null = [];

  /** @param mayRead true for the detectors that the client follows. */
  constructor(mayRead: (detector: string) => boolean) {
    this.#mayRead = mayRead;
    this.stream = new Readable({ read: () => undefined });
    this.#write('retry: 2000\n\n');
  }

  /** Tells what a client has missed; until then, {@link tell} holds back. */
  catchUp(news: readonly News[], position: LivePosition): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.tell(news, position);
    for (const later of held) this.tell(later.news, later.position);
  }

  /** Tells news that the client follows and has not been told; the last carries the position. */
  tell(news: readonly News[], position: LivePosition): void {
    if (this.#held !== null) {
      this.#held.push({ news, position });
      return;
    }
    for (const { event, name, detector, data } of news) {
      if (!this.#mayRead(detector) || this.#told.has(name)) continue;
      this.#told.add(name);
      this.#write(`id: ${eventIdOf(position)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    // Late ones come within seconds; names of long ago are of no use.
    if (this.#told.size > MOST_TOLD) this.#told.clear();
  }

  /** Tells that the client has missed too much: it should read the lists anew. */
  reset(position: LivePosition): void {
    this.#held = null;
    this.#write(`id: ${eventIdOf(position)}\nevent: reset\ndata: {}\n\n`);
  }

  /** Sends a comment, by which both sides notice a lost connection. */
  beat(): void {
    this.#write(': \n\n');
  }

  /** Ends the stream. */
  close(): void {
    if (!this.stream.destroyed) this.stream.push(null);
  }

  #write(text: string): void {
    if (this.stream.destroyed) return;
    this.stream.push(text);
    if (this.stream.readableLength > MOST_WAITING_BYTES) this.stream.destroy();
  }
}
