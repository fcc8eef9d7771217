import { describe, expect, it } from '@jest/globals';

import { messageOf } from './message-of.ts';

describe('messageOf', () => {
  it.each<[string, unknown, string]>([
    ['an error', new RangeError('too far'), 'too far'],
    ['a text', 'too far', 'too far'],
    ['nothing', undefined, 'undefined'],
    [
      'errors without a message',
      new AggregateError([new Error('::1 refused'), '127.0.0.1 refused']),
      '::1 refused; 127.0.0.1 refused',
    ],
    ['errors with a message', new AggregateError([new Error('first')], 'all failed'), 'all failed'],
  ])('of %s', (_what, error, text) => {
    expect(messageOf(error)).toBe(text);
  });
});
