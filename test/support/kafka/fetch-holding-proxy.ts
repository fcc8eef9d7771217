import { connect, createServer, type Socket } from 'node:net';

const FETCH = 1;
const SIZE_BYTES = 4;

/**
 * A proxy between Kafka clients and a broker that can swallow fetch requests and pass everything
 * else.
 */
export interface FetchHoldingProxy {
  readonly port: number;
  /** Swallows all fetches on the connections open now. Later connections are not affected. */
  holdFetches(): void;
  /** Number of fetches swallowed. */
  readonly held: number;
  close(): Promise<void>;
}

/** Listens on a free loopback port. `target` returns the broker's port, once per connection. */
export async function startFetchHoldingProxy(target: () => number): Promise<FetchHoldingProxy> {
  const clients = new Map<Socket, { holds: boolean }>();
  let held = 0;
  const server = createServer((client) => {
    const state = { holds: false };
    clients.set(client, state);
    const broker = connect(target(), '127.0.0.1');
    let waiting: Buffer = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      // A request begins with its size (int32) and its API key (int16).
      while (waiting.length >= SIZE_BYTES + 2) {
        const end = SIZE_BYTES + waiting.readInt32BE(0);
        if (waiting.length < end) break;
        if (state.holds && waiting.readInt16BE(SIZE_BYTES) === FETCH) held++;
        else broker.write(waiting.subarray(0, end));
        waiting = waiting.subarray(end);
      }
    });
    broker.pipe(client);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          clients.delete(client);
          other.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    holdFetches: () => clients.forEach((state) => (state.holds = true)),
    get held() {
      return held;
    },
    close: async () => {
      for (const client of clients.keys()) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
