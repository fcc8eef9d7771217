import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('has a default for everything', () => {
    expect(readArguments([])).toEqual({
      json: false,
      kafka: false,
      keep: false,
      feed: false,
      serve: false,
      history: 150_000,
      events: 60_000,
      rate: 200,
      port: 0,
    });
  });

  it('shows the replay at a rate that people can follow', () => {
    expect(readArguments(['--serve', '--port', '7070'])).toMatchObject({ serve: true, port: 7070, rate: 20 });
  });

  it('reads switches and counts', () => {
    const args = ['--json', '--keep', '--kafka', '--feed', '--history', '3000', '--events=200', '--rate', '5'];
    expect(readArguments(args)).toEqual({
      json: true,
      kafka: true,
      keep: true,
      feed: true,
      serve: false,
      history: 3000,
      events: 200,
      rate: 5,
      port: 0,
    });
    expect(readArguments(['--json', '--help'])).toBeNull();
  });

  it.each([
    [['--histroy', '3'], 'npm run demo', /--histroy/],
    [['demo'], 'npm run demo', /demo/],
    [['--history', 'many'], '--history', /"many"; expected a whole number of at least 1/],
    [['--events', '0'], '--events', /"0"/],
    [['--rate', '1.5'], '--rate', /"1\.5"/],
    [['--port', '70000'], '--port', /"70000"; expected 0 to 65535/],
  ])('refuses %j, and says where', (args, where, message) => {
    const refusal = { code: 'FLOWLINE_USAGE', where, message: expect.stringMatching(message) };
    expect(() => readArguments(args)).toThrow(expect.objectContaining(refusal));
  });
});
