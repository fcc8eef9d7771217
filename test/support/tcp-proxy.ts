import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What a network does to the bytes that pass:
 * - `pass`: nothing;
 * - `delay`: each chunk arrives so many milliseconds later, in order;
 * - `halfOpen`: connections stay open, new ones are accepted, and nothing passes in either direction;
 * - `refuse`: new connections are reset at once.
 */
export type NetworkMode =
  { readonly kind: 'pass' | 'halfOpen' | 'refuse' } | { readonly kind: 'delay'; readonly delayMs: number };

/** A TCP proxy on loopback that a test makes misbehave. listening → close(). */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #frozen = new Set<Socket>();
  #mode: NetworkMode = { kind: 'pass' };

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a free port; `target` is asked with every connection for the port to go on to. */
  static async listen(target: () => number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: false });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new TcpProxy(server, address.port);
    server.on('connection', (client) => proxy.#open(client, target()));
    return proxy;
  }

  /** From now on. What was held back by `halfOpen` is lost with its connections, as where a router forgot them. */
  set(mode: NetworkMode): void {
    const { kind } = this.#mode;
    this.#mode = mode;
    if (kind === 'halfOpen') this.cut();
  }

  /** The connections that are open now stay open and silent for ever, as where a router forgot them; new ones pass. */
  freeze(): void {
    for (const socket of this.#sockets) this.#frozen.add(socket);
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #open(client: Socket, port: number): void {
    if (this.#mode.kind === 'refuse') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    this.#pipe(client, upstream);
    this.#pipe(upstream, client);
  }

  #pipe(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      const mode = this.#mode;
      if (mode.kind === 'halfOpen' || this.#frozen.has(from)) return;
      const write = (): void => {
        if (to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      };
      // Timers of one length fire in the order in which they were set.
      if (mode.kind === 'delay') setTimeout(write, mode.delayMs);
      else write();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      const isHeard = this.#mode.kind !== 'halfOpen' && !this.#frozen.has(from);
      this.#sockets.delete(from);
      this.#frozen.delete(from);
      // A half-open connection is one whose end nobody hears of.
      if (isHeard) to.destroy();
    });
  }
}
