import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory } from 'kafkajs';

import { socketHost } from './ipv6-literal.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
/** Above the longest that a broker may think: joining a group waits for every member for as long as a rebalance may take, 30 s. */
const SILENCE_MS = 35_000;
const LOOK_EVERY_MS = 1_000;

/** A connection to a broker, and when it was last known to work. */
interface Watched {
  readonly socket: net.Socket;
  readonly address: string;
  aliveMs: number;
}

/** The open connections of a client, which may have several factories. */
export class WatchedSockets {
  readonly #open = new Set<Watched>();

  /**
   * Makes sockets that break when what was sent stays without any answer. kafkajs gives up on a request after a while, but keeps the
   * connection and asks again on it: one that a router has forgotten would never be replaced, and reading would stand still for ever.
   * The others to the same broker that have been still for as long break with it, or each would be found in its turn.
   */
  factory(silenceMs = SILENCE_MS): ISocketFactory {
    return ({ host: named, port, ssl, onConnect }) => {
      const host = socketHost(named);
      const plain = { host, port };
      const socket =
        // kafkajs hands over null where the options of its client have none, whatever its types say.
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

  /** Breaks what has been still since then. */
  #break(address: string, sinceMs: number, silenceMs: number): void {
    for (const watched of this.#open) {
      if (watched.address !== address || watched.aliveMs > sinceMs) continue;
      watched.socket.destroy(new Error(`nothing was answered for ${Math.round(silenceMs / 1_000)} s`));
    }
  }
}
