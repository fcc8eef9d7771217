import net from 'node:net';
import tls from 'node:tls';

import type { ISocketFactory } from 'kafkajs';

import { socketHost } from './ipv6-literal.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;
/** Above the longest that a broker may think: joining a group waits for every member for as long as a rebalance may take, 30 s. */
const SILENCE_MS = 35_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Makes sockets that break when what was sent stays without any answer. kafkajs gives up on a request after a while, but keeps the
 * connection and asks again on it: one that a router has forgotten would never be replaced, and reading would stand still for ever.
 */
export function watchedSockets(silenceMs = SILENCE_MS): ISocketFactory {
  return ({ host: named, port, ssl, onConnect }) => {
    const host = socketHost(named);
    const plain = { host, port };
    const socket =
      // kafkajs hands over null where the options of its client have none, whatever its types say.
      ((ssl as tls.ConnectionOptions | null | undefined) ?? null) === null
        ? net.connect(plain, onConnect)
        : tls.connect({ ...plain, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    breakWhenSilent(socket, silenceMs);
    return socket;
  };
}

function breakWhenSilent(socket: net.Socket, silenceMs: number): void {
  let answeredBytes = 0;
  let unansweredSinceMs: number | null = null;
  socket.on('data', () => {
    answeredBytes = socket.bytesWritten;
    unansweredSinceMs = null;
  });
  const timer = setInterval(() => {
    if (socket.bytesWritten === answeredBytes) return;
    unansweredSinceMs ??= performance.now();
    if (performance.now() - unansweredSinceMs < silenceMs) return;
    socket.destroy(new Error(`nothing was answered for ${Math.round(silenceMs / 1_000)} s`));
  }, LOOK_EVERY_MS);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
