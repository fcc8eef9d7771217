import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.ts';

describe('readArguments', () => {
  it('reads what to do', () => {
    expect(readArguments(['serve'])).toEqual({ once: null, json: false, recalibrates: false, promotion: null });
    expect(readArguments(['--once', 'd', '--json', '--recalibrate', '--promote=never'])).toEqual({
      once: 'd',
      json: true,
      recalibrates: true,
      promotion: 'never',
    });
    expect(readArguments(['--help'])).toBeNull();
  });

  it.each([
    [[]],
    [['--once']],
    [['--once', '']],
    [['serve', '--once', 'd']],
    [['serve', '--recalibrate']],
    [['train']],
    [['--wrong']],
  ])('refuses %j', (args) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ code: 'FLOWLINE_USAGE' }));
  });

  it('names the words that --promote takes', () => {
    expect(() => readArguments(['--once', 'd', '--promote=maybe'])).toThrow(/"maybe"; expected auto, always, never/);
  });
});
