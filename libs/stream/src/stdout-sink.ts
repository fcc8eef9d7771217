import type { Writable } from 'node:stream';

import { printableJson } from '@flowline/events';

import type { AlertSink } from './alert-sink.ts';

/**
 * Creates a sink that writes each alert as one line of JSON. A send resolves once the stream has
 * accepted the lines.
 */
export function createStdoutSink(output: Writable = process.stdout): AlertSink {
  // A failed write is reported to its caller; without a listener it would also end the process.
  output.on('error', () => undefined);
  return {
    name: 'stdout',
    send: (messages) =>
      messages.length === 0
        ? Promise.resolve([])
        : new Promise((resolve, reject) => {
            const lines = messages.map((message) => `${printableJson(message.value)}\n`).join('');
            output.write(lines, (error) => {
              if (error) reject(error);
              else resolve([]);
            });
          }),
    close: () => Promise.resolve(),
  };
}
