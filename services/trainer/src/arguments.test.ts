import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('reads what to do', () => {
    expect(readArguments(['serve'])).toEqual({ once: null, json: false, promotion: null });
    expect(readArguments(['--once', 'd', '--json', '--promote=never'])).toEqual({
      once: 'd',
      json: true,
      promotion: 'never',
    });
    expect(readArguments(['--help'])).toBeNull();
  });

  it.each([[[]], [['--once']], [['--once', '']], [['serve', '--once', 'd']], [['train']], [['--wrong']]])(
    'refuses %j',
    (args) => {
      expect(() => readArguments(args)).toThrow(expect.objectContaining({ code: 'FLOWLINE_USAGE' }));
    },
  );

  it('names the words that --promote takes', () => {
    expect(() => readArguments(['--once', 'd', '--promote=maybe'])).toThrow(/"maybe"; expected auto, always, never/);
  });
});
