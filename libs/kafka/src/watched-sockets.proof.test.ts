import net from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { WatchedSockets } from './watched-sockets.ts';

const opened: (net.Server | net.Socket)[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) {
    if (one instanceof net.Server) one.close();
    else one.destroy();
  }
});

/** Starts a server that calls `answer` with whatever it receives. Resolves to its port. */
async function listen(answer: (socket: net.Socket, request: string) => void): Promise<number> {
  const server = net.createServer((socket) => {
    opened.push(socket);
    socket.on('error', () => undefined).on('data', (bytes: Buffer) => answer(socket, bytes.toString()));
  });
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

/** Opens a connection through the factory to such a server, or to the one at a given port. */
async function open(
  silenceMs: number,
  to: number | ((socket: net.Socket) => void),
  sockets = new WatchedSockets(),
): Promise<net.Socket> {
  const port = typeof to === 'number' ? to : await listen(to);
  return new Promise((resolve) => {
    // Arguments as kafkajs passes them without TLS.
    const options = { host: '127.0.0.1', port, ssl: null, onConnect: () => resolve(socket) };
    const socket = sockets.factory(silenceMs)(options as never);
    opened.push(socket);
  });
}

const brokenBy = (socket: net.Socket): Promise<Error> => new Promise((resolve) => socket.once('error', resolve));

describe('watched sockets', () => {
  it('break when what was sent stays without an answer', async () => {
    const socket = await open(10, () => undefined);
    socket.write('request');
    expect((await brokenBy(socket)).message).toContain('nothing was answered');
  });

  it('stay while every request is answered, and while nothing is asked', async () => {
    const idle = await open(10, () => undefined);
    const answered = await open(10, (peer) => peer.write('answer'));
    answered.write('request');
    const forgotten = await open(10, () => undefined);
    forgotten.write('request');
    // Once the third connection is broken, the others have been checked as often.
    await brokenBy(forgotten);
    expect([idle.destroyed, answered.destroyed]).toEqual([false, false]);
  });

  it('break together with one of the same broker, where nothing has come for as long', async () => {
    const sockets = new WatchedSockets();
    const port = await listen((peer, request) => {
      if (request === 'answer me') peer.write('answer');
    });
    const [silent, idle, busy] = await Promise.all([1, 2, 3].map(() => open(100, port, sockets)));
    const elsewhere = await open(100, () => undefined, sockets);
    if (silent === undefined || idle === undefined || busy === undefined) throw new Error('not opened');
    silent.write('forget me');
    const asking = setInterval(() => busy.write('answer me'), 20);
    const errors = await Promise.all([brokenBy(silent), brokenBy(idle)]);
    clearInterval(asking);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('nothing was'),
      expect.stringContaining('nothing was'),
    ]);
    expect([busy.destroyed, elsewhere.destroyed]).toEqual([false, false]);
  });
});
