import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('has a default for everything', () => {
    expect(readArguments([])).toEqual({
      json: false,
      kafka: false,
      keep: false,
      feed: false,
      history: 150_000,
      events: 60_000,
      rate: 200,
    });
  });

  it('reads switches and counts', () => {
    const args = ['--json', '--keep', '--kafka', '--feed', '--history', '3000', '--events=200', '--rate', '5'];
    expect(readArguments(args)).toEqual({
      json: true,
      kafka: true,
      keep: true,
      feed: true,
      history: 3000,
      events: 200,
      rate: 5,
    });
    expect(readArguments(['--json', '--help'])).toBeNull();
  });

  it.each([
    [['--histroy', '3'], 'npm run demo', /--histroy/],
    [['demo'], 'npm run demo', /demo/],
    [['--history', 'many'], '--history', /"many"; expected a whole number of at least 1/],
    [['--events', '0'], '--events', /"0"/],
    [['--rate', '1.5'], '--rate', /"1\.5"/],
  ])('refuses %j, and says where', (args, where, message) => {
    const refusal = { code: 'FLOWLINE_USAGE', where, message: expect.stringMatching(message) };
    expect(() => readArguments(args)).toThrow(expect.objectContaining(refusal));
  });
});
