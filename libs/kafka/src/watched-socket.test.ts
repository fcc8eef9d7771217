import net from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { watchedSockets } from './watched-socket.ts';

const opened: (net.Server | net.Socket)[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) {
    if (one instanceof net.Server) one.close();
    else one.destroy();
  }
});

/** A connection by the factory to a server that does `answer` with what it is sent. */
async function open(silenceMs: number, answer: (socket: net.Socket) => void): Promise<net.Socket> {
  const server = net.createServer((socket) => {
    opened.push(socket);
    socket.on('error', () => undefined).on('data', () => answer(socket));
  });
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return new Promise((resolve) => {
    // As kafkajs calls it without TLS.
    const options = { host: '127.0.0.1', port, ssl: null, onConnect: () => resolve(socket) };
    const socket = watchedSockets(silenceMs)(options as never);
    opened.push(socket);
  });
}

const brokenBy = (socket: net.Socket): Promise<Error> => new Promise((resolve) => socket.once('error', resolve));

describe('watchedSockets', () => {
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
    // Once the third has been found, the others have been looked at as often.
    await brokenBy(forgotten);
    expect([idle.destroyed, answered.destroyed]).toEqual([false, false]);
  });
});
