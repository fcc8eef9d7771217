import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory } from 'kafkajs';

import { socketHost } from './ipv6-literal.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
/**
 * Maximum silence, longer than a broker may take to respond: joining a group waits for every member
 * for as long as a rebalance may take, 30 s.
 */
const SILENCE_MS = 35_000;
const LOOK_EVERY_MS = 1_000;

/** Connection to a broker, and the time when it last worked. */
interface Watched {
  readonly socket: net.Socket;
  readonly address: string;
  aliveMs: number;
}

/** Open connections of a client, which may have several factories. */
export class WatchedSockets {
  readonly #open = new Set<Watched>();

  /**
   * Creates a factory of sockets that are destroyed if data they sent goes unanswered. kafkajs
   * abandons a request after a while but keeps the connection and retries on it, so a connection
   * that a router has forgotten would never be replaced, and reading would halt for good. Other
   * connections to the same broker that have been silent for as long are destroyed too, so that
   * they need not be detected one by one.
   */
  factory(silenceMs = SILENCE_MS): ISocketFactory {
    return ({ host: named, port, ssl, onConnect }) => {
      const host = socketHost(named);
      const plain = { host, port };
      const socket =
        // kafkajs passes null if its client has no TLS options, contrary to its types.
        ((ssl as tls.ConnectionOptions | null | undefined) ?? null) === null
          ? net.connect(plain, onConnect)
          : tls.connect({ ...plain, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
      this.#breakWhenSilent({ socket, address: `${host}:${port}`, aliveMs: performance.now() }, silenceMs);
      return socket;
    };
  }

  #breakWhenSilent(watched: Watched, silenceMs: number): void {
    const { socket } = watched;
    let answeredBytes = 0;
    let unansweredSinceMs: number | null = null;
    socket.on('data', () => {
      answeredBytes = socket.bytesWritten;
      unansweredSinceMs = null;
      watched.aliveMs = performance.now();
    });
    const timer = setInterval(() => {
      if (socket.bytesWritten === answeredBytes) return;
      unansweredSinceMs ??= performance.now();
      if (performance.now() - unansweredSinceMs >= silenceMs)
        this.#break(watched.address, unansweredSinceMs, silenceMs);
    }, LOOK_EVERY_MS);
    timer.unref();
    this.#open.add(watched);
    socket.once('close', () => {
      clearInterval(timer);
      this.#open.delete(watched);
    });
  }

  /** Destroys the connections to a broker that have been silent since a time. */
  #break(address: string, sinceMs: number, silenceMs: number): void {
    for (const watched of this.#open) {
      if (watched.address !== address || watched.aliveMs > sinceMs) continue;
      watched.socket.destroy(new Error(`nothing was answered for ${Math.round(silenceMs / 1_000)} s`));
    }
  }
}
