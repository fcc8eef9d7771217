import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Behaviour of the network:
 * - `pass`: forwards bytes;
 * - `delay`: forwards each chunk `delayMs` later, in order;
 * - `halfOpen`: connections stay open, new ones are accepted, but no bytes pass in either
 *   direction;
 * - `refuse`: resets new connections at once;
 * - `truncate`: ends each connection that is opened from now on after `bytes` of its responses.
 */
export type NetworkMode =
  | { readonly kind: 'pass' | 'halfOpen' | 'refuse' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'truncate'; readonly bytes: number };

/** A TCP proxy on loopback with faults on demand. listening → close(). */
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

  /** Listens on a free port. `target` returns the port to connect to, once per connection. */
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

  /**
   * Switches the mode. Leaving `halfOpen` resets its connections and loses their bytes, as after a
   * router has forgotten them.
   */
  set(mode: NetworkMode): void {
    const { kind } = this.#mode;
    this.#mode = mode;
    if (kind === 'halfOpen') this.cut();
  }

  /**
   * Silences the connections open now for good, as after a router has forgotten them. New
   * connections pass.
   */
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
    this.#pipe(upstream, client, this.#mode.kind === 'truncate' ? this.#mode.bytes : Infinity);
  }

  #pipe(from: Socket, to: Socket, mostBytes = Infinity): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      const mode = this.#mode;
      if (mode.kind === 'halfOpen' || this.#frozen.has(from)) return;
      if (from.bytesRead > mostBytes) {
        if (to.writable) to.end(chunk.subarray(0, Math.max(0, chunk.length - (from.bytesRead - mostBytes))));
        from.destroy();
        return;
      }
      const write = (): void => {
        if (to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      };
      // Timers of equal length fire in the order in which they were set.
      if (mode.kind === 'delay') setTimeout(write, mode.delayMs);
      else write();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      const isHeard = this.#mode.kind !== 'halfOpen' && !this.#frozen.has(from);
      this.#sockets.delete(from);
      this.#frozen.delete(from);
      // On a half-open connection, neither side learns of the other's end.
      if (isHeard) to.destroy();
    });
  }
}
