import { Readable } from 'node:stream';

import type pg from 'pg';

import { CopyFrames } from './copy-frames.ts';

/** Listener of the driver to the bytes of a connection. */
type OnBytes = (bytes: Buffer) => void;

/**
 * Statement COPY … TO STDOUT as a stream of its data, piece by piece as the bytes arrive: nothing
 * is made per row. The driver gets the messages after the data. A stream that is not read to its
 * end leaves its connection within the statement: it must be cut.
 */
export class CopyOut extends Readable implements pg.Submittable {
  readonly #text: string;
  readonly #frames = new CopyFrames();
  #socket: pg.Connection['stream'] | null = null;
  #driver: OnBytes | null = null;
  /** True while a reader has asked for data. */
  #isWanted = false;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  /** Called by the driver when the connection is free for the statement. */
  submit(connection: pg.Connection): void {
    const socket = connection.stream;
    const [driver, ...others] = socket.listeners('data');
    if (driver === undefined || others.length > 0) throw new Error('another COPY reads from the connection');
    this.#driver = driver as OnBytes;
    this.#socket = socket;
    socket.removeListener('data', this.#driver);
    socket.pause();
    socket.on('readable', this.#forward);
    connection.query(this.#text);
  }

  /** Called by the driver: the statement failed, or its connection was lost. */
  handleError(error: Error): void {
    this.destroy(error);
  }

  /** Called by the driver. The data have told their end before. */
  handleCommandComplete(): undefined {
    return undefined;
  }

  /** Called by the driver. */
  handleReadyForQuery(): undefined {
    return undefined;
  }

  override _read(): void {
    this.#isWanted = true;
    this.#forward();
  }

  /** Passes on the data that have arrived, as far as they are wanted. */
  readonly #forward = (): void => {
    while (this.#isWanted && !this.destroyed && this.#socket !== null) {
      const bytes = this.#socket.read() as Buffer | null;
      if (bytes === null) return;
      const { data, rest, isDone } = this.#frames.take(bytes);
      if (data.length > 0) this.#isWanted = this.push(data);
      if (rest !== null) this.#giveBack(this.#socket, rest);
      if (isDone) this.push(null);
    }
  };

  /** Gives the connection back to the driver, with the bytes that follow the data. */
  #giveBack(socket: pg.Connection['stream'], rest: Buffer): void {
    const driver = this.#driver;
    if (driver === null) return;
    this.#socket = null;
    socket.removeListener('readable', this.#forward);
    socket.on('data', driver);
    if (rest.length > 0) driver(rest);
    // A listener that is removed may pause the socket at the end of this turn.
    process.nextTick(() => socket.resume());
  }
}
