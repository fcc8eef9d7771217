import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';

import { createStdoutSink } from './stdout-sink.ts';

const message = (alertId: string) => ({
  messageId: alertId,
  topic: 't',
  key: 'k',
  headers: {},
  value: JSON.stringify({ alertId }),
});

describe('createStdoutSink', () => {
  it('writes one line an alert and resolves when they are taken over', async () => {
    let text = '';
    const output = new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        setTimeout(() => {
          text += chunk.toString();
          callback();
        }, 5);
      },
    });
    await createStdoutSink(output).send([message('1'), message('2')]);
    expect(text).toBe('{"alertId":"1"}\n{"alertId":"2"}\n');
  });

  it('rejects when the stream fails', async () => {
    const output = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('EPIPE')) });
    await expect(createStdoutSink(output).send([message('1')])).rejects.toThrow('EPIPE');
  });
});
