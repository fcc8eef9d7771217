import { describe, expect, it } from '@jest/globals';

import { HELP, readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('serves every detector from Kafka by default', () => {
    expect(readArguments([])).toEqual({
      detectors: [],
      source: { kind: 'kafka' },
      alerts: 'sinks',
      batchSize: null,
      resetOffsets: false,
      resetWindows: false,
      json: false,
    });
  });

  it('reads a file, with alerts on standard output unless said otherwise', () => {
    expect(
      readArguments(['--detector', 'a', '--detector', 'b', '--detector', 'a', '--source', 'ndjson:/x/y.ndjson']),
    ).toMatchObject({
      detectors: ['a', 'b'],
      source: { kind: 'ndjson', path: '/x/y.ndjson' },
      alerts: 'stdout',
    });
    expect(readArguments(['--source', 'ndjson:-', '--alerts', 'none', '--batch-size', '7', '--json'])).toMatchObject({
      source: { kind: 'ndjson', path: '-' },
      alerts: 'none',
      batchSize: 7,
      json: true,
    });
  });

  it('gives null for help, which names every option', () => {
    expect(readArguments(['--help', '--detector', 'a'])).toBeNull();
    for (const option of ['--detector', '--source', '--alerts', '--batch-size', '--reset-offsets', '--json']) {
      expect(HELP).toContain(option);
    }
  });

  it.each([
    [['--sauce', 'kafka'], 'sauce'],
    [['kafka'], 'kafka'],
    [['--source', 'ndjson:'], 'ndjson:PATH'],
    [['--source', 'csv:x'], 'csv:x'],
    [['--alerts', 'mail'], 'mail'],
    [['--batch-size', '0'], '--batch-size'],
    [['--batch-size', 'many'], 'many'],
    [['--source', 'ndjson:x', '--reset-offsets'], '--reset-offsets'],
  ])('refuses %j', (args, named) => {
    expect(() => readArguments(args)).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_USAGE', message: expect.stringContaining(named) }),
    );
  });
});
